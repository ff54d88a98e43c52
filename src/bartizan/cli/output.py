"""What every command group shares: the output format and how problems are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from bartizan.core.errors import BartizanError, DocumentError
from bartizan.core.problem import printable

T = TypeVar("T")


class Format(StrEnum):
    """How a result is shown."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How the result is shown.")]
FontOption = Annotated[
    list[Path] | None, typer.Option("--font", help="For PDF: a font file for scripts that others lack; repeatable.")
]
WorkspaceOption = Annotated[Path, typer.Option("--workspace", help="Folder of the workspace.")]


def print_json(name: str, content: Mapping[str, Any]) -> None:
    """One JSON document with ``schema: bartizan/NAME/v1`` on standard output."""
    document = {"schema": f"bartizan/{name}/v1", **content}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def watched(files: Iterator[T], doing: str = "reading", done: str = "read") -> Iterator[T]:
    """The same, with a count on a terminal: ``doing`` before the first, then ``done`` and how many files."""
    terminal = Console(emoji=False, stderr=True)
    if not terminal.is_terminal:
        yield from files
        return
    with terminal.status(doing) as status:
        for number, one in enumerate(files, start=1):
            status.update(f"{done} {number:,} files")
            yield one


def console() -> Console:
    """Standard output; colours only on a terminal."""
    return Console(emoji=False, highlight=False, soft_wrap=True)


def describe(problem: BartizanError) -> dict[str, Any]:
    """A problem as JSON shows it."""
    if isinstance(problem, DocumentError):
        place = problem.place
        where: dict[str, Any] = {"file": place.file, "line": place.line, "column": place.column}
        return {**where, "found": problem.found, "expected": problem.expected, "hint": problem.hint}
    return {"problem": problem.cause, "hint": problem.hint}


def show_problems(problems: Sequence[BartizanError]) -> None:
    """One problem a line, hints below; what files say is never read as markup."""
    out = console()
    for problem in problems:
        out.print(f"[red]error[/red] {escape(printable(problem.cause, 1_000))}")
        if problem.hint:
            out.print(f"      {escape(printable(problem.hint, 1_000))}", style="dim")
