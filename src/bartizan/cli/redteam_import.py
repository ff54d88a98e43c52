"""``bartizan redteam import``: attacks of other tools as case files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import console
from bartizan.redteam.cases.importing import read_report, write_cases


def import_cases(
    report: Annotated[
        Path, typer.Argument(metavar="FILE", help="garak report, PyRIT export, promptfoo configuration.")
    ],
    to: Annotated[Path, typer.Option("--to", help="Folder for the case files; none may be there already.")],
    licence: Annotated[str, typer.Option("--licence", help="Of the texts, as their authors give it.")] = "unknown",
    every: Annotated[bool, typer.Option("--all", help="Also what did not succeed there.")] = False,
    oracle: Annotated[
        str, typer.Option("--oracle", help="How success is recognised where the file does not say: secret, text, …")
    ] = "",
    value: Annotated[str, typer.Option("--value", help="What that oracle looks for.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Most cases.")] = 1_000,
) -> None:
    """Turn attacks of another tool into case files. Exit 0: written; 1: nothing that could be used; 2: error."""
    imported = read_report(report, licence=licence, every=every, limit=limit, oracle=oracle, value=value)
    written = write_cases(imported, to) if imported.rows else []
    out = console()
    for path, rows in zip(written, (rows for _, rows in sorted(imported.rows.items())), strict=True):
        out.print(f"{escape(str(path))}  {len(rows)} cases")
    for reason, number in sorted(imported.left_out.items()):
        out.print(f"left out: {number} {escape(reason)}")
    raise typer.Exit(0 if written else 1)
