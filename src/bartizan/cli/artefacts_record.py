"""``bartizan artefacts record`` and ``recorded``: training runs with their inputs and outputs, signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.cli.signing_options import (
    CertificateOption,
    IdentityOption,
    PasswordOption,
    PrivateKeyOption,
    PublicKeyOption,
    RevokedOption,
    RootsOption,
    signer_of,
    trust_from,
)
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.files import digest_of
from bartizan.supplychain.journalling import journal_of, vouched
from bartizan.supplychain.provenance.keeping import keep, recorded
from bartizan.supplychain.provenance.recording import RunFailedError, Wanted, parameters_of, record
from bartizan.supplychain.provenance.statement import Run
from bartizan.trust.signing import SignatureInvalid

_SHOWN = 20
_UNKNOWN = "no record names these bytes"
FolderOption = Annotated[Path, typer.Option("--provenance", help="Folder with signed records, by digest.")]


def record_run(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="Program and arguments, after --.")],
    output: Annotated[list[Path], typer.Option("--output", help="File or folder that the run writes; repeat.")],
    builder: Annotated[str, typer.Option("--builder", help="URI of whoever vouches for the run.")],
    provenance: FolderOption,
    key: PrivateKeyOption,
    material: Annotated[
        list[Path] | None, typer.Option("--material", help="File or folder that it reads: data, code, base model.")
    ] = None,
    parameter: Annotated[list[str] | None, typer.Option("--parameter", help="NAME=VALUE; repeat.")] = None,
    env: Annotated[list[str] | None, typer.Option("--env", help="Variable whose value is recorded; repeat.")] = None,
    password_env: PasswordOption = "",
    certificate: CertificateOption = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder of the workspace whose journal is told.")
    ] = None,
    output_format: FormatOption = Format.TEXT,
) -> None:
    """Run a training command and sign what went in and what came out. Exit: that of the command; 2: nothing signed."""
    if not builder or ":" not in builder:
        raise ConfigurationError("--builder is no URI", "such as https://acme.example/training")
    signer = signer_of(key, password_env, certificate)
    wanted = Wanted(
        tuple(command), tuple(material or ()), tuple(output), builder, parameters_of(parameter or ()), tuple(env or ())
    )
    try:
        run = record(wanted)
    except RunFailedError as problem:
        if not problem.code:
            raise
        console().print(f"[red]not signed[/red] {escape(problem.cause)}")
        raise typer.Exit(problem.code if 0 < problem.code < 256 else 2) from None
    with journal_of(workspace) as append:
        places = keep(run, provenance, signer)
        for one in run.outputs:
            vouched(append, "recorded", Path(one.name), digest=one.sha256, files=1, signer=signer.public.hint)
    if output_format is Format.JSON:
        print_json("artefacts-record", {"run": run, "records": [str(one) for one in places]})
        return
    _shown(run, f"signed in {provenance}")


def recorded_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file.")],
    provenance: FolderOption,
    key: PublicKeyOption = None,
    roots: RootsOption = None,
    identity: IdentityOption = "",
    revoked: RevokedOption = None,
    builder: Annotated[str, typer.Option("--builder", help="URI of the builder that the record must name.")] = "",
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder of the workspace whose journal is told.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Which recorded run wrote exactly this file. Exit 0: known; 1: the record does not hold; 2: there is none."""
    trust = trust_from(key, roots, identity, revoked)
    digest = digest_of(file)
    with journal_of(workspace) as append:
        try:
            run, problem = recorded(digest, provenance, trust, builder), ""
        except SignatureInvalid as invalid:
            run, problem = None, invalid.cause
        vouched(append, "traced", file, digest=digest, reason=problem or ("" if run is not None else _UNKNOWN))
    state = "invalid" if problem else "none" if run is None else "recorded"
    if output is Format.JSON:
        print_json("artefacts-recorded", {"file": str(file), "sha256": digest, "state": state, "run": run})
    elif run is not None:
        _shown(run, f"wrote {file}")
    else:
        said = problem or _UNKNOWN
        console().print(f"[{'red' if problem else 'yellow'}]{state}[/] {escape(printable(f'{file}: {said}', 600))}")
    raise typer.Exit({"recorded": 0, "invalid": 1, "none": 2}[state])


def _shown(run: Run, what: str) -> None:
    out = console()
    out.print(f"[green]{run.invocation}[/green] {escape(printable(what, 400))}")
    took = (run.finished - run.started).total_seconds()
    lines = [f"command   {' '.join(run.command)}", f"builder   {run.builder}"]
    lines.append(f"started   {run.started:%Y-%m-%dT%H:%M:%SZ}, took {took:.1f} s")
    lines += [f"parameter {name}={value}" for name, value in run.parameters.items()]
    for kind, files in (("material", run.materials), ("output", run.outputs)):
        lines += [f"{kind:<9} {one.sha256[:16]} {one.name}" for one in files[:_SHOWN]]
        lines += [f"{kind:<9} and {len(files) - _SHOWN:,} more"] if len(files) > _SHOWN else []
    lines.append(f"packages  {len(run.packages):,} of its Python, without digests")
    for line in lines:
        out.print(escape(printable(f"  {line}", 1_000)))
