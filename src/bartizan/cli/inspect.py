"""``bartizan inspect``: text in, verdicts out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from bartizan.api import Guard
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.verdict import Action, Verdict

LONGEST_LINE = 16_000_000
"""Characters of a JSONL line; a longer one is answered with an error line."""


class Format(StrEnum):
    """How the verdict is shown."""

    TEXT = "text"
    JSON = "json"


def inspect(
    file: Annotated[Path, typer.Argument(help="Text file; - is standard input.")] = Path("-"),
    surface: Annotated[Surface, typer.Option(help="Read as a request, as material, or as model output.")] = (
        Surface.USER
    ),
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='One {"id","text"} a line in, one verdict a line out.')
    ] = False,
    workspace: Annotated[
        Path | None, typer.Option(help="Folder with policy.yaml; the default policy without one.")
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How the verdict is shown.")] = Format.TEXT,
) -> None:
    """Inspect text. Exit 0: allowed; 1: something was flagged, redacted or blocked; 2: usage or error."""
    with _opened(file) as source:
        text = b"" if jsonl else _read(file, source)  # before the detectors, which take a second or two to build
        guard = Guard.from_workspace(workspace) if workspace else Guard.default()
        if jsonl:
            raise typer.Exit(_lines(guard, surface, source))
    shown = text.decode("utf-8", "replace")
    verdict = guard.inspect(shown, surface)
    if output_format is Format.JSON:
        document = {"schema": "bartizan/verdict/v1", **_summary(guard, verdict, surface)}
        print(msgspec.json.encode(document).decode())
    else:
        _show(shown, verdict)
    raise typer.Exit(1 if verdict.observed is not Action.ALLOW else 0)


def _opened(file: Path) -> AbstractContextManager[BinaryIO]:
    if file == Path("-"):
        return nullcontext(sys.stdin.buffer)
    try:
        return file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from None


def _read(file: Path, source: BinaryIO) -> bytes:
    try:
        return source.read()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> ConfigurationError:
    hint = "a text itself goes to standard input: echo 'text' | bartizan inspect"
    return ConfigurationError(f"{file} cannot be read: {error.strerror}", hint)


def _lines(guard: Guard, surface: Surface, source: BinaryIO) -> int:
    code = 0
    for number, line in enumerate(_read_lines(source), start=1):
        answer = _answer(guard, surface, number, line)
        if "error" in answer:
            code = 2
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
    return code


def _read_lines(source: BinaryIO) -> Iterator[bytes]:
    for line in source:
        if line.strip():
            yield line


def _answer(guard: Guard, surface: Surface, number: int, line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        return {"id": None, "line": number, "error": f"line is longer than {LONGEST_LINE} bytes"}
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return {"id": None, "line": number, "error": f"not JSON: {error}"}
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return {"id": None, "line": number, "error": 'expected {"id": …, "text": "…"}'}
    try:
        verdict = guard.inspect(row["text"], surface)
    except BartizanError as error:
        return {"id": row.get("id"), "line": number, "error": str(error)}
    return {"id": row.get("id"), **_summary(guard, verdict, surface)}


def _summary(guard: Guard, verdict: Verdict, surface: Surface) -> dict[str, Any]:
    return {
        "action": verdict.action,
        "flagged": guard.flagged(verdict.signals, surface),
        "scores": guard.scores(verdict.signals),
        "signals": verdict.signals,
        "rule": verdict.rule,
        "uncovered": [gap.reason for gap in verdict.coverage.uncovered],
    }


def _show(text: str, verdict: Verdict) -> None:
    console = Console(emoji=False, highlight=False)
    console.print(f"[bold]{verdict.action}[/bold]" + (f" by {verdict.rule}" if verdict.rule else ""))
    if verdict.signals:
        table = Table("guard", "rule", "score", "view", "where", "text")
        for signal in verdict.signals:
            excerpt = text[signal.span.start : signal.span.end][:60]
            table.add_row(
                signal.guard,
                signal.rule,
                f"{signal.score:.2f}",
                signal.view,
                f"{signal.span.start}-{signal.span.end}",
                excerpt.encode("unicode_escape").decode().replace("[", "\\["),
            )
        console.print(table)
    for gap in verdict.coverage.uncovered:
        console.print(f"not read: {gap.reason}", markup=False)
