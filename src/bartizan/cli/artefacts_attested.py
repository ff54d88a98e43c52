"""``bartizan artefacts attested``: whether somebody signed that policy admitted a file."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.cli.signing_options import IdentityOption, PublicKeyOption, RevokedOption, RootsOption, trust_from
from bartizan.core.clock import utc_now
from bartizan.core.problem import printable
from bartizan.supplychain.files import digest_of
from bartizan.supplychain.journalling import journal_of, vouched
from bartizan.supplychain.signing.attestation import attested
from bartizan.trust.dsse import Trust
from bartizan.trust.signing import SignatureInvalid


def attested_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file.")],
    attestations: Annotated[Path, typer.Option("--attestations", help="Folder that 'admit --attest' wrote.")],
    key: PublicKeyOption = None,
    roots: RootsOption = None,
    identity: IdentityOption = "",
    revoked: RevokedOption = None,
    days: Annotated[int, typer.Option("--days", min=1, help="Oldest age of the decision, in days.")] = 30,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder of the workspace whose journal is told.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Whether a signed decision admits exactly this file. Exit 0: yes; 1: no; 2: nothing, or too old to say."""
    digest = digest_of(file)
    trust = trust_from(key, roots, identity, revoked)
    with journal_of(workspace) as append:
        state, said, code = _state(digest, attestations, trust, days)
        vouched(append, "attested", file, digest=digest, reason=f"{state}: {said}" if code else "")
    if output is Format.JSON:
        print_json("artefacts-attested", {"file": str(file), "sha256": digest, "state": state, "because": said})
    else:
        colour = {0: "green", 1: "red", 2: "yellow"}[code]
        console().print(f"[{colour}]{state}[/{colour}] {escape(printable(f'{file}: {said}', 600))}")
    raise typer.Exit(code)


def _state(digest: str, folder: Path, key: Trust, days: int) -> tuple[str, str, int]:
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
