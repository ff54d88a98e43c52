"""``bartizan artefacts``: what policy admits, and who vouches for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from bartizan.cli.artefacts_attested import attested_file
from bartizan.cli.artefacts_record import record_run, recorded_file
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.cli.signing_options import (
    AsOfOption,
    CertificateOption,
    IdentityOption,
    IssuerOption,
    PasswordOption,
    PrivateKeyOption,
    PublicKeyOption,
    RevokedOption,
    RootsOption,
    TrustRootOption,
    signer_of,
    trust_from,
)
from bartizan.core.artefact import Admission
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.admission.attesting import attest_decision
from bartizan.supplychain.admission.gate import AdmissionGate, Decision, open_gate
from bartizan.supplychain.files import digest_of, named, walk
from bartizan.supplychain.journalling import Append, journal_of, vouched
from bartizan.supplychain.signing.model import sign, verify
from bartizan.supplychain.signing.signers import ABOVE, BESIDE
from bartizan.supplychain.signing.statement import Statement
from bartizan.trust.dsse import Signer, Trust
from bartizan.trust.signing import SignatureInvalid
from bartizan.workspace.register import Registered
from bartizan.workspace.registering import lines_of, register
from bartizan.workspace.workspace import REGISTER, Workspace

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Admit artefacts, and say who vouches for them.")
PathsArgument = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with all in them.")]
ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="A file, or a folder with a model.")]
SignatureOption = Annotated[
    Path | None, typer.Option("--signature", help="The bundle; MODEL/model.sig for a folder, MODEL.sig for a file.")
]
JournalOption = Annotated[
    Path | None, typer.Option("--workspace", help="Folder of the workspace whose journal is told.")
]
_STYLES = {Admission.ALLOW: "green", Admission.INCONCLUSIVE: "yellow", Admission.BLOCK: "red"}
_ALONE = 4
"""Up to so many files are scanned in this process."""


app.command("attested")(attested_file)
app.command("record")(record_run)
app.command("recorded")(recorded_file)


@app.callback()
def group() -> None:
    """Admit artefacts, and say who vouches for them."""


@app.command("admit")
def admit(
    paths: PathsArgument,
    workspace: WorkspaceOption = Path(),
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes; 0: one for each core.")] = 0,
    attest: Annotated[Path | None, typer.Option("--attest", help="Folder that takes signed decisions.")] = None,
    key: PrivateKeyOption = "",
    password_env: PasswordOption = "",
    certificate: CertificateOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Whether policy admits artefacts. Exit 0: all of them; 1: something blocked; 2: inconclusive, nothing or error."""
    if (attest is None) != (not key):
        raise ConfigurationError("--attest and --key go together", "name a folder and a private key")
    signer = signer_of(key, password_env, certificate) if key else None
    counts = dict.fromkeys(Admission, 0)
    with open_gate(workspace, named(paths)) as gate:
        decisions = _counted(_attested(_decisions(gate, paths, jobs), attest, signer), counts)
        _json(decisions) if output is Format.JSON else _text(decisions, counts)
    if counts[Admission.BLOCK]:
        raise typer.Exit(1)
    raise typer.Exit(0 if counts[Admission.ALLOW] and not counts[Admission.INCONCLUSIVE] else 2)


@app.command("pin")
def pin(
    paths: PathsArgument,
    by: Annotated[str, typer.Option("--by", help="Who vouches for them.")],
    workspace: WorkspaceOption = Path(),
    origin: Annotated[str, typer.Option("--origin", help="Where they came from, such as huggingface.co/acme/x.")] = "",
    licence: Annotated[str, typer.Option("--licence", help="SPDX identifier.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Add them to artefacts.yaml.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Take digests of artefacts for artefacts.yaml."""
    opened = Workspace(workspace)
    entries = [
        Registered(
            path=_relative(path, opened.root),
            sha256=digest_of(path),
            origin=origin.partition("://")[2] or origin,
            licence=licence,
            by=by,
            date=utc_now().date(),
        )
        for path in walk(paths)
    ]
    if not entries:
        raise ConfigurationError("there are no files to pin")
    if write:
        register(opened.path(REGISTER), REGISTER, entries)
    if output is Format.JSON:
        print_json("artefacts-pin", {"written": write, "artefacts": entries})
        return
    for one in entries:
        print("\n".join(lines_of(one)))


@app.command("sign")
def sign_model(
    model: ModelArgument,
    key: PrivateKeyOption,
    signature: SignatureOption = None,
    certificate: CertificateOption = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="Relative path that is not signed.")] = None,
    password_env: PasswordOption = "",
    workspace: JournalOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Sign a model in the OpenSSF model-signing format."""
    place = _signature(model, signature)
    signer = signer_of(key, password_env, certificate)
    with journal_of(workspace) as append:
        statement = sign(model, place, signer, ignore or ())
        files = len(statement.resources)
        vouched(append, "signed", model, digest=statement.root, files=files, signer=signer.public.hint)
    _said("signed", model, place, statement, output)


@app.command("verify")
def verify_model(
    model: ModelArgument,
    key: PublicKeyOption = None,
    roots: RootsOption = None,
    identity: IdentityOption = "",
    revoked: RevokedOption = None,
    as_of: AsOfOption = "",
    trust_root: TrustRootOption = None,
    issuer: IssuerOption = "",
    signature: SignatureOption = None,
    workspace: JournalOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Whether exactly these files were signed by whom you trust. Exit 0: yes; 1: no; 2: it cannot be said."""
    place = _signature(model, signature)
    trusted = trust_from(key, roots, identity, revoked, as_of, trust_root, issuer)
    try:
        with journal_of(workspace) as append:
            statement = _verified(model, place, trusted, append)
    except SignatureInvalid as problem:
        if output is Format.JSON:
            print_json("artefacts-verify", {"valid": False, "model": str(model), "problem": problem.cause})
        else:
            console().print(f"[red]not valid[/red] {escape(printable(f'{model}: {problem.cause}', 600))}")
        raise typer.Exit(1) from None
    _said("verified", model, place, statement, output)


def _verified(model: Path, place: Path, trusted: Trust, append: Append | None) -> Statement:
    try:
        statement = verify(model, place, trusted)
    except SignatureInvalid as problem:
        vouched(append, "verified", model, reason=problem.cause)
        raise
    vouched(append, "verified", model, digest=statement.root, files=len(statement.resources))
    return statement


def _signature(model: Path, given: Path | None) -> Path:
    if given is not None:
        return given
    return model / ABOVE if model.is_dir() else model.with_name(model.name + BESIDE)


def _said(what: str, model: Path, place: Path, statement: Statement, output: Format) -> None:
    if output is Format.JSON:
        content = {"model": str(model), "signature": str(place), "digest": statement.root}
        verb = "sign" if what == "signed" else "verify"
        print_json(f"artefacts-{verb}", {"valid": True, **content, "files": len(statement.resources)})
        return
    out = console()
    out.print(f"[green]{what}[/green] {escape(printable(str(model), 300))}: {len(statement.resources):,} files")
    out.print(f"  digest    {statement.root}", markup=False)
    out.print(f"  signature {place}", markup=False)


def _decisions(gate: AdmissionGate, paths: list[Path], jobs: int) -> Iterator[Decision]:
    files = walk(paths)
    first = [path for _, path in zip(range(_ALONE), files, strict=False)]
    yield from map(gate.decide, first)
    if len(first) == _ALONE:
        yield from map(gate.decide, files) if jobs == 1 else gate.decide_all(files, jobs)


def _attested(decisions: Iterator[Decision], folder: Path | None, signer: Signer | None) -> Iterator[Decision]:
    for decision in decisions:
        if folder is not None and signer is not None:
            attest_decision(decision, folder, signer)
        yield decision


def _counted(decisions: Iterator[Decision], counts: dict[Admission, int]) -> Iterator[Decision]:
    for decision in decisions:
        counts[decision.admission] += 1
        yield decision


def _json(decisions: Iterator[Decision]) -> None:
    out = sys.stdout.buffer
    out.write(b'{"schema":"bartizan/artefacts-admit/v1","decisions":[')
    for number, decision in enumerate(decisions):
        out.write((b",\n" if number else b"\n") + msgspec.json.encode(decision))
    out.write(b"\n]}\n")


def _text(decisions: Iterator[Decision], counts: dict[Admission, int]) -> None:
    out = console()
    for decision in decisions:
        style = _STYLES[decision.admission]
        out.print(f"[{style}]{decision.admission}[/{style}] {escape(printable(decision.path, 1_000))}")
        would = f"would be {decision.observed}: " if decision.observed is not decision.admission else ""
        policy = f" ({decision.policy})" if decision.policy else ""
        out.print(escape(f"  {would}{decision.reason}{policy}"), style="dim")
        if decision.facts.signature != "none":
            out.print(escape(f"    signature {decision.facts.signature} {decision.facts.signer}".rstrip()), style="dim")
        for rule in decision.facts.rules:
            out.print(escape(f"    {rule}"), style="dim")
        for subject in decision.facts.waived:
            out.print(escape(printable(f"    waived: {subject}", 200)), style="dim")
    shown = ", ".join(f"{count:,} {admission}" for admission, count in counts.items())
    out.print(shown if any(counts.values()) else "nothing to admit")


def _relative(path: Path, root: Path) -> str:
    """The path as the register writes it; absolute for what lies outside of the workspace."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - a link is registered under its own name
    return str(absolute.relative_to(root)) if absolute.is_relative_to(root) else str(absolute)
