"""``bartizan audit canaries``: whether a language model learned secrets that stand in its training text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bartizan.cli.audit_output import print_result
from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.loading import admitted
from bartizan.robustness.models.completions import CompletionsModel
from bartizan.robustness.models.gguf import GgufModel
from bartizan.robustness.privacy.canaries import Canary
from bartizan.robustness.privacy.language import LanguageModel
from bartizan.robustness.privacy.memorisation import audit_canaries
from bartizan.supplychain.scanning import ArtefactScanner

_LIMIT = 1 << 20
_MOST = 1_000


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    prefix: str
    secret: str
    alphabet: str
    copies: int = 0


def canaries(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A .gguf file, or an address http(s)://host/v1 with completions.")
    ],
    file: Annotated[
        Path,
        typer.Option("--canaries", help="JSON lines with prefix, secret, alphabet and, where known, copies."),
    ],
    name: Annotated[str, typer.Option("--name", help="How the server calls the model.")] = "",
    key: Annotated[str, typer.Option("--key", envvar="BARTIZAN_AUDIT_KEY", help="Sent as a bearer token.")] = "",
    questions: Annotated[
        int, typer.Option("--questions", min=1, help="What one rank, or one extraction, may cost.")
    ] = 1_200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the secrets that nobody planted.")] = 0,
    output: FormatOption = Format.TEXT,
) -> None:
    """Rank secrets among all they could have been. Exit 0: unknown to it; 1: learned; 2: inconclusive, or error."""
    listed = _read(file)
    asked = _model(model, name, key)
    found = audit_canaries(asked, listed, seed, questions)
    _show(found, asked, output)
    raise typer.Exit(1 if found.outcome is Outcome.WEAK else 0)


def _model(model: str, name: str, key: str) -> LanguageModel:
    if model.startswith(("http://", "https://")):
        return CompletionsModel(model, name, {"Authorization": f"Bearer {key}"} if key else None)
    path = Path(model)
    if not path.is_file():
        raise ConfigurationError(f"there is no model {printable(model, 300)}", "a .gguf file, or http://host/v1")
    admitted(path, ArtefactScanner())
    return GgufModel(path)


def _read(file: Path) -> list[Canary]:
    shown = printable(str(file), 300)
    try:
        if file.stat().st_size > _LIMIT:
            raise ConfigurationError(f"{shown} is larger than {_LIMIT >> 20} MiB")
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"{shown} cannot be read: {error.strerror}") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            one = msgspec.json.decode(line, type=_Line)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ConfigurationError(f"{shown}:{number}: {printable(str(error), 200)}") from None
        found.append(Canary(one.prefix, one.secret, one.alphabet, one.copies))
    if not 1 <= len(found) <= _MOST:
        raise ConfigurationError(f"{shown} has {len(found)} canaries", f"one to {_MOST:,}")
    return found


def _show(found: AuditResult, model: LanguageModel, output: Format) -> None:
    if output is Format.JSON:
        print_json("audit-canaries", {"model": model.name, "model_digest": model.digest, "result": found})
        return
    print_result(found, console())
