"""``bartizan hunt similar``: requests like this one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.events_asking import plain
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.problem import printable

_LONGEST = 1_000_000


def similar(
    question: Annotated[
        str, typer.Argument(metavar="ID|TEXT", help="Id of a record or request, or a text; - reads standard input.")
    ],
    workspace: WorkspaceOption = Path(),
    least: Annotated[float, typer.Option("--least", min=0.0, max=1.0, help="Least similarity.")] = 0.25,
    rows: Annotated[int, typer.Option(min=1, max=1_000, help="Most rows of the answer.")] = 25,
    output: FormatOption = Format.TEXT,
) -> None:
    """Find requests whose texts are like this one, by sketches. Exit 0: none; 1: rows; 2: error, or files left out."""
    from bartizan.app.similar import similar_requests
    from bartizan.workspace.workspace import Workspace

    if question == "-":
        question = sys.stdin.read(_LONGEST)
    if not question.strip():
        raise ConfigurationError("there is no text to compare", "give an id, some words, or - and standard input")
    found = similar_requests(Workspace(workspace), question, least, rows)
    if not found.compared:
        raise JournalError(
            "there is no sketch to compare with", "content.sketches in policy.yaml keeps them from now on"
        )
    if output is Format.JSON:
        listed = [{name: plain(value) for name, value in row._asdict().items()} for row in found.rows]
        print_json("hunt-similar", {"rows": listed, "compared": found.compared, "damaged": list(found.damaged)})
    else:
        out = console()
        if found.rows:
            table = Table("similar", "time", "principal", "action", "text", "request")
            for row in found.rows:
                text = "asked" if row.asked else "among its texts"
                cells = (f"{row.score:.2f}", f"{row.time:%Y-%m-%d %H:%M}", row.principal, row.action, text, row.request)
                table.add_row(*(escape(printable(cell, 80)) for cell in cells))
            out.print(table)
        out.print(f"{len(found.rows)} records, of {found.compared:,} sketches")
    for name in found.damaged:
        print(f"warning: {name} is damaged and left out; run: bartizan events compact", file=sys.stderr)
    raise typer.Exit(2 if found.damaged else 1 if found.rows else 0)
