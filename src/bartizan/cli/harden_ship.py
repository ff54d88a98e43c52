"""``bartizan harden approve``, ``rollback`` and ``verify``."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from bartizan.cli.harden_propose import KnownOption
from bartizan.cli.known_values import read_known
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.problem import printable

KeyOption = Annotated[Path, typer.Option("--key", help="Your private Ed25519 key, outside of the workspace.")]
ByOption = Annotated[str, typer.Option("--by", help="Who you are; by default your user name.")]
_EXITS = {"verified": 0, "monitored": 0, "decayed": 1, "expired": 1, "inconclusive": 2}


def approve(
    candidate: Annotated[str, typer.Argument(help="Id of an accepted candidate.")],
    key: KeyOption,
    workspace: WorkspaceOption = Path(),
    by: ByOption = "",
    enforce: Annotated[
        bool, typer.Option("--enforce", help="Not first in monitor form; or enforce what was only recording.")
    ] = False,
    known: KnownOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Put an accepted candidate into the workspace, signed. Exit 0: done; 2: refused, or error."""
    from bartizan.app.hardening import approve_candidate

    record = approve_candidate(
        workspace, candidate, key, by or getpass.getuser(), enforce=enforce, known=read_known(known)
    )
    if output is Format.JSON:
        shown = {"id": record.id, "state": record.state, "version": record.version, "key": record.key}
        dates = {"verify_by": record.verify_by, "expires_at": record.expires_at}
        print_json("hardening-approval", {**shown, **dates})
        return
    out = console()
    out.print(f"{record.id} is in the workspace, {record.state}: signed version {record.version}, key {record.key}")
    out.print(f"evidence holds until {record.verify_by:%Y-%m-%d}, the control until {record.expires_at:%Y-%m-%d}")
    if record.state == "monitor":
        out.print(f"it only records; enforce it with: bartizan harden approve {record.id} --enforce --key KEY")


def rollback(
    control: Annotated[str, typer.Argument(help="Id of an approved control.")],
    key: KeyOption,
    workspace: WorkspaceOption = Path(),
    by: ByOption = "",
    output: FormatOption = Format.TEXT,
) -> None:
    """Take an approved control back, as a new signed version. Exit 0: done; 2: refused, or error."""
    from bartizan.app.hardening import roll_back

    version = roll_back(workspace, control, key, by or getpass.getuser())
    if output is Format.JSON:
        print_json("hardening-rollback", {"id": control, "version": version})
    else:
        console().print(f"{escape(control)} is out of the workspace: signed version {version}")


def verify(
    workspace: WorkspaceOption = Path(),
    key: Annotated[list[Path] | None, typer.Option("--key", help="Public key of who may approve; repeatable.")] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Run the regression cases of all approved controls. Exit 0: all hold; 1: some do not; 2: inconclusive or error."""
    from bartizan.app.hardening import verify_controls

    results = verify_controls(workspace, key or [])
    if output is Format.JSON:
        print_json("hardening-verification", {"controls": [msgspec.to_builtins(one) for one in results]})
    else:
        for one in results:
            print(f"{one.id}  {one.state:<12}", printable(one.reason, 200), sep="  ")
        if not results:
            print("no control is approved; see: bartizan harden list")
    raise typer.Exit(max((_EXITS[one.state] for one in results), default=0))
