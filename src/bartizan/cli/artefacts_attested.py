"""``bartizan artefacts attested``: whether somebody signed that policy admitted a file."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.files import Problem, open_file
from bartizan.supplychain.signing.attestation import attested
from bartizan.trust.dsse import EllipticKey
from bartizan.trust.signing import SignatureInvalid


def attested_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file.")],
    attestations: Annotated[Path, typer.Option("--attestations", help="Folder that 'admit --attest' wrote.")],
    key: Annotated[Path, typer.Option("--key", help="Public key of the signer, in PEM.")],
    days: Annotated[int, typer.Option("--days", min=1, help="Oldest age of the decision, in days.")] = 30,
    output: FormatOption = Format.TEXT,
) -> None:
    """Whether a signed decision admits exactly this file. Exit 0: yes; 1: no; 2: nothing, or too old to say."""
    opened = open_file(file)
    if isinstance(opened, Problem):
        raise ConfigurationError(f"{printable(str(file), 300)}: {opened.explanation}")
    try:
        digest = opened.digest()
    finally:
        opened.close()
    state, said, code = _state(digest, attestations, EllipticKey.read(key), days)
    if output is Format.JSON:
        print_json("artefacts-attested", {"file": str(file), "sha256": digest, "state": state, "because": said})
    else:
        colour = {0: "green", 1: "red", 2: "yellow"}[code]
        console().print(f"[{colour}]{state}[/{colour}] {escape(printable(f'{file}: {said}', 600))}")
    raise typer.Exit(code)


def _state(digest: str, folder: Path, key: EllipticKey, days: int) -> tuple[str, str, int]:
    try:
        found = attested(digest, folder, key, utc_now())
    except SignatureInvalid as problem:
        return "invalid", problem.cause, 1
    if found is None:
        return "none", "no attestation names these bytes", 2
    summary = found.summary
    said = f"{summary.admission} by {summary.policy or 'no policy'} of {summary.pack}, {summary.at:%Y-%m-%d}"
    if not summary.passed:
        return "refused", said, 1
    if not datetime.timedelta(0) <= found.age + datetime.timedelta(minutes=5) <= datetime.timedelta(days=days):
        return "old", f"{said}, which is not within {days} days", 2
    return "admitted", said, 0
