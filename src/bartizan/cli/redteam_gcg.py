"""``bartizan redteam gcg``: a suffix searched with a local model's gradients, as a case for campaigns."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
import yaml
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.artefact import Admission
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.redteam.cases import load_cases
from bartizan.redteam.errors import CaseError
from bartizan.redteam.taxonomy import Objective
from bartizan.redteam.whitebox.frames import FRAMES

if TYPE_CHECKING:
    from bartizan.redteam.whitebox.gcg import Search, Suffix

_PROSE: Final = frozenset({".md", ".py", ".png", ".jpg", ".gitattributes", ".gitignore", "LICENSE", "NOTICE"})
"""Endings, or whole names, that loading a model without code of its own does not read."""


def gcg(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Folder with safetensors and tokenizer, or a GGUF file.")
    ],
    request: Annotated[str, typer.Option("--request", help="What the user asks; the suffix comes after it.")],
    answer: Annotated[str, typer.Option("--answer", help="How the model's answer should begin.")],
    to: Annotated[Path, typer.Option("--to", help="New case file with the request and its suffix.")],
    frame: Annotated[str, typer.Option("--frame", help=f"Marks of the chat: {', '.join(FRAMES)}.")] = "chatml",
    objective: Annotated[Objective, typer.Option("--objective", help="Of the case.")] = Objective.POLICY_EVASION,
    oracle: Annotated[
        str, typer.Option("--oracle", help="How success is recognised: an oracle that needs no value, or text.")
    ] = "text",
    value: Annotated[str, typer.Option("--value", help="What that oracle looks for; empty: the answer.")] = "",
    steps: Annotated[int, typer.Option("--steps", min=1, max=100_000, help="Most steps of the search.")] = 200,
    length: Annotated[int, typer.Option("--length", min=1, max=256, help="Tokens of the suffix.")] = 16,
    width: Annotated[int, typer.Option("--width", min=1, max=4_096, help="Suffixes tried in each step.")] = 128,
    top: Annotated[int, typer.Option("--top", min=1, max=4_096, help="Tokens considered at each place.")] = 128,
    seed: Annotated[int, typer.Option("--seed", help="Of what chance draws.")] = 1,
    output: FormatOption = Format.TEXT,
) -> None:
    """Search a suffix that makes a model begin its answer as told. Exit 0: it does; 1: not yet; 2: error."""
    if frame not in FRAMES:
        raise ConfigurationError(f"there is no frame {frame[:40]!r}", f"frames: {', '.join(FRAMES)}")
    if to.exists():
        raise ConfigurationError(f"{to} is there already", "name another file with --to")
    _admitted(model)
    from bartizan.redteam.whitebox.gcg import Search, search
    from bartizan.redteam.whitebox.local_model import LocalModel

    how = Search(steps=steps, length=length, top=top, width=width, seed=seed)
    loud = sys.stderr.isatty()

    def show(step: int, loss: float) -> None:
        if loud:
            print(f"\rstep {step} of {steps}, loss {loss:.3f}", end="", file=sys.stderr)

    found = search(LocalModel(model), FRAMES[frame], request, answer, how, show)
    if loud:
        print(file=sys.stderr)
    looked_for = {"kind": oracle} | ({"value": value or answer} if oracle == "text" or value else {})
    _write(to, model, request, found, how, objective, looked_for)
    if output is Format.JSON:
        print_json("redteam-gcg", {"case": str(to), **msgspec.to_builtins(found)})
    else:
        _print(found, to)
    raise typer.Exit(0 if found.reached else 1)


def _admitted(model: Path) -> None:
    from bartizan.supplychain.scanning import ArtefactScanner

    if not model.exists():
        raise ConfigurationError(f"{model} does not exist", "a folder with a model, or a GGUF file")
    scanner = ArtefactScanner()
    for path in sorted(model.rglob("*")) if model.is_dir() else [model]:
        if path.is_dir() or (path != model and (path.suffix or path.name) in _PROSE):
            continue
        verdict = scanner.scan(path).verdict
        if verdict is not Admission.ALLOW:
            raise ConfigurationError(f"{path} is not loaded: {verdict}", f"see: bartizan scan {path}")


def _write(
    path: Path, model: Path, request: str, found: Suffix, how: Search, objective: Objective, oracle: dict[str, str]
) -> None:
    case = {
        "id": f"gcg-{how.seed}-{path.stem}".lower()[:80],
        "title": "Searched suffix",
        "technique": "adversarial_suffix",
        "text": request + found.text,
    }
    document = {
        "entry_point": "chat",
        "objective": str(objective),
        "severity": "medium",
        "source": f"bartizan redteam gcg on {model.name}, {found.steps} steps, seed {how.seed}",
        "oracles": [oracle],
        "cases": [case],
    }
    try:
        with path.open("x", encoding="utf-8") as file:
            yaml.safe_dump(document, file, sort_keys=False, allow_unicode=True, width=10_000)
    except OSError as error:
        raise CaseError(f"{path}: {error.strerror}", "name another file with --to") from None
    load_cases([path])


def _print(found: Suffix, to: Path) -> None:
    out = console()
    out.print(f"suffix   {escape(printable(found.text, 400))}")
    out.print(
        f"loss     {found.first_loss:.3f} → {found.loss:.3f} nats a token, {found.steps} steps, {found.tried:,} tried"
    )
    out.print(f"answer   {escape(printable(found.said, 200))}")
    out.print("reached" if found.reached else "not reached: more steps, a longer suffix, or another beginning")
    out.print(f"case     {escape(str(to))}")
