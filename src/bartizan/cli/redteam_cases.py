"""``bartizan redteam cases``: the attacks there are."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.problem import printable
from bartizan.redteam.cases import load_cases
from bartizan.redteam.taxonomy import EntryPoint, Objective


def list_cases(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help="builtin, framed, files or folders; both by default."),
    ] = None,
    entry_point: Annotated[EntryPoint | None, typer.Option("--entry-point", help="Only this entry point.")] = None,
    objective: Annotated[Objective | None, typer.Option("--objective", help="Only this objective.")] = None,
    technique: Annotated[str, typer.Option("--technique", help="Only this technique.")] = "",
    language: Annotated[str, typer.Option("--language", help="Only this language.")] = "",
    output: FormatOption = Format.TEXT,
) -> None:
    """List cases, and check case files: exit 2 with file:line:column for a broken one."""
    shown = [
        case
        for case in sorted((load_cases(sources) if sources else load_cases()), key=lambda case: case.id)
        if entry_point in {None, case.entry_point}
        and objective in {None, case.objective}
        and technique in {"", case.technique}
        and language in {"", case.language}
    ]
    if output is Format.JSON:
        print_json("redteam-cases", {"cases": shown})
        return
    out = console()
    for case in shown:
        where = f"{case.entry_point:<12} {case.objective:<19} {case.technique:<24}"
        out.print(f"{case.id:<32} {where} {case.language:<3} {case.severity:<8} {escape(printable(case.title, 80))}")
    out.print(f"{len(shown)} cases")
