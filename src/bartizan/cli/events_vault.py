"""``bartizan events text``, ``erase``, ``expire``, ``hold``, ``holds`` and ``release``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable

_LONGEST_REASON = 500
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it goes on record.")]


def text(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Of a record (evt_…) or of a request (req_…).")],
    reason: ReasonOption,
    workspace: WorkspaceOption = Path(),
    keys: Annotated[Path | None, typer.Option("--keys", help="Folder with the vault's private keys.")] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Show the texts that the vault keeps of a record or request; that is recorded first. Exit 1: some are gone."""
    from bartizan.app.vaulting import read_texts
    from bartizan.workspace.workspace import Workspace

    found = read_texts(Workspace(workspace), identifier, _said(reason), keys)
    if output is Format.JSON:
        print_json("events-text", {"texts": [one._asdict() for one in found]})
    else:
        out = console()
        for one in found:
            head = f"{one.event} {one.kind} {one.principal}"
            out.print(f"[dim]{escape(printable(head, 300))}[/dim]")
            shown = one.missing or one.text
            for line in shown.splitlines() or [""]:
                out.print(("[red]" if one.missing else "") + escape(printable(line, 100_000)), soft_wrap=True)
    raise typer.Exit(1 if any(one.missing for one in found) else 0)


def erase(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Records or requests.")] = None,
    reason: ReasonOption = "",
    principal: Annotated[str, typer.Option("--principal", help="Everything the vault keeps of this principal.")] = "",
    finish: Annotated[bool, typer.Option("--finish", help="Complete an erasure that was cut short.")] = False,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Destroy the keys of texts, under a signed tombstone. Exit 1: a legal hold kept some of them."""
    from bartizan.app.vaulting import custodian_of
    from bartizan.workspace.workspace import Workspace

    if sum((bool(ids), bool(principal), finish)) != 1:
        raise ConfigurationError("say what to erase", "ids, or --principal, or --finish")
    with custodian_of(Workspace(workspace)) as custodian:
        held: list[str] = []
        kept = 0
        if finish:
            destroyed = custodian.finish()
        else:
            erased = custodian.erase(ids or [], principal, _said(reason))
            destroyed, kept, held = erased.destroyed, erased.kept, [one.hold for one in erased.held]
    if output is Format.JSON:
        print_json("events-erase", {"destroyed": destroyed, "kept": kept, "held": held})
    else:
        out = console()
        out.print(f"{destroyed} texts erased")
        if kept:
            out.print(f"[red]{kept} kept by {', '.join(held)}[/red]")
    raise typer.Exit(1 if kept else 0)


def hold(
    owner: Annotated[str, typer.Option("--owner", help="Who answers for the hold.")],
    reason: ReasonOption,
    principal: Annotated[str, typer.Option("--principal", help="Holds the records of this principal.")] = "",
    request: Annotated[str, typer.Option("--request", help="Holds the records of this request.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Holds all records.")] = False,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Place a legal hold: what it covers is neither erased nor expired until it is released."""
    from bartizan.app.vaulting import custodian_of
    from bartizan.workspace.workspace import Workspace

    if sum((bool(principal), bool(request), everything)) != 1:
        raise ConfigurationError("say what to hold", "--principal, --request or --all")
    with custodian_of(Workspace(workspace)) as custodian:
        placed = custodian.hold(principal, request, _said(owner, "--owner"), _said(reason))
    if output is Format.JSON:
        print_json("events-hold", msgspec.to_builtins(placed))
    else:
        console().print(placed.hold, markup=False)


def holds(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """The legal holds in force."""
    from bartizan.app.vaulting import custodian_of
    from bartizan.workspace.workspace import Workspace

    with custodian_of(Workspace(workspace)) as custodian:
        found = list(custodian.register.holds.values())
    if output is Format.JSON:
        print_json("events-holds", {"holds": [msgspec.to_builtins(one) for one in found]})
        return
    table = Table("hold", "since", "covers", "owner", "reason")
    for one in found:
        covers = one.principal or one.request or "everything"
        row = (one.hold, f"{one.at:%Y-%m-%d %H:%M}", covers, one.by, one.reason)
        table.add_row(*(escape(printable(cell, 200)) for cell in row))
    console().print(table if found else "no legal hold is in force")


def release(
    identifier: Annotated[str, typer.Argument(metavar="HOLD", help="One of 'bartizan events holds'.")],
    owner: Annotated[str, typer.Option("--owner", help="Who releases it.")],
    reason: ReasonOption,
    workspace: WorkspaceOption = Path(),
) -> None:
    """End a legal hold."""
    from bartizan.app.vaulting import custodian_of
    from bartizan.workspace.workspace import Workspace

    with custodian_of(Workspace(workspace)) as custodian:
        custodian.release(identifier, _said(owner, "--owner"), _said(reason))
    console().print("released")


def expire(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """Remove what is older than retention allows, under signed tombstones; `bartizan up` does so by itself."""
    from bartizan.app.retaining import expire as run
    from bartizan.workspace.workspace import Workspace

    done = run(Workspace(workspace))
    if output is Format.JSON:
        print_json("events-expire", done._asdict())
        return
    console().print(
        f"{done.texts:,} segments or texts of the vault, {done.segments:,} segments of the journal, "
        f"{done.files:,} files of the lake"
    )


def _said(words: str, option: str = "--reason") -> str:
    said = " ".join(words.split())
    if not said:
        raise ConfigurationError(f"{option} is needed", "it goes on record")
    if len(said) > _LONGEST_REASON:
        raise ConfigurationError(f"{option} is longer than {_LONGEST_REASON} characters")
    return said
