"""``bartizan events tail``, ``query`` and ``compact``."""

from __future__ import annotations

import csv
import resource
import sys
import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.problem import printable

_WIDEST = 60
_SPARE_BYTES = 4_000_000_000
"""Address space that a question may take beyond what the process has: a last line behind DuckDB's own limit."""


class QueryFormat(StrEnum):
    """How an answer is shown."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; - reads it from standard input. Empty lists the views.")] = "",
    workspace: WorkspaceOption = Path(),
    rows: Annotated[int, typer.Option(min=1, max=1_000_000, help="Most rows of the answer.")] = 1_000,
    seconds: Annotated[float, typer.Option(min=0.1, help="After which the question is broken off.")] = 60.0,
    output: Annotated[QueryFormat, typer.Option("--format", help="How the answer is shown.")] = QueryFormat.TEXT,
) -> None:
    """Ask the events in SQL: read-only, nothing but the events, bounded in memory, time and rows."""
    from bartizan.app.places import journal_of, lake_of
    from bartizan.telemetry.lake.query import Lake
    from bartizan.telemetry.lake.views import VIEWS
    from bartizan.workspace.workspace import Workspace

    if not sql:
        table = Table("view", "rows")
        table.add_row("events", "one row for each record")
        for name, (meaning, _) in VIEWS.items():
            table.add_row(name, meaning)
        console().print(table)
        return
    place = Workspace(workspace)
    limit_address_space()
    question = sys.stdin.read() if sql == "-" else sql
    answer = Lake(journal_of(place), lake_of(place), seconds=seconds).ask(question, rows=rows)
    if output is QueryFormat.JSON:
        found = [dict(zip(answer.columns, map(plain, row), strict=True)) for row in answer.rows]
        print_json("events-query", {"rows": found, "more": answer.more, "damaged": list(answer.damaged)})
    elif output is QueryFormat.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerow(answer.columns)
        writer.writerows([cell(value) for value in row] for row in answer.rows)
    else:
        table = Table(*(escape(printable(name, _WIDEST)) for name in answer.columns))
        for row in answer.rows:
            table.add_row(*(escape(printable(cell(value), _WIDEST)) for value in row))
        console().print(table)
        if answer.more:
            console().print(f"and more; --rows shows more than {rows:,}", style="dim")
    for name in answer.damaged:
        print(f"warning: {name} is damaged and left out; run: bartizan events compact", file=sys.stderr)
    raise typer.Exit(2 if answer.damaged else 0)


def tail(
    workspace: WorkspaceOption = Path(),
    count: Annotated[int, typer.Option("--lines", "-n", min=0, max=100_000, help="Records from before.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing what comes, until Ctrl-C.")] = False,
    kind: Annotated[str, typer.Option("--kind", help="Only kinds that start with this, such as 'request.'.")] = "",
    output: FormatOption = Format.TEXT,
) -> None:
    """Show the newest records, and those that come."""
    from bartizan.app.places import journal_of
    from bartizan.telemetry.tailing import Cursor, Tailer
    from bartizan.workspace.workspace import Workspace

    tailer = Tailer(journal_of(Workspace(workspace)), Cursor())
    newest: list[tuple[str, dict[str, Any]]] = []
    while lines := tailer.read():
        for line in lines:
            record = _record(line.content)
            if str(record.get("kind", "")).startswith(kind):
                newest.append((str(record.get("at", "")), record))
        newest = sorted(newest, key=lambda item: item[0])[-count:] if count else []
    for _, record in newest:
        _show(record, output)
    while follow:
        try:
            time.sleep(0.3)
            for line in tailer.read():
                record = _record(line.content)
                if str(record.get("kind", "")).startswith(kind):
                    _show(record, output)
            sys.stdout.flush()
        except KeyboardInterrupt:
            break


def compact(
    workspace: WorkspaceOption = Path(),
    check: Annotated[
        bool, typer.Option("--check", help="Read every file to its end; make damaged ones again.")
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Bring complete segments into the lake; `bartizan up` does so once a minute. Exit 1 if lines were rejected."""
    from bartizan.app.places import journal_of, lake_of
    from bartizan.telemetry.lake.compactor import compact as run
    from bartizan.workspace.workspace import Workspace

    place = Workspace(workspace)
    if not journal_of(place).is_dir():
        raise JournalError("there is no journal yet", "it begins with the first `bartizan up`")
    done = run(journal_of(place), lake_of(place), check=check)
    if done.busy:
        raise ConfigurationError("another process is compacting", "`bartizan up` does it by itself")
    if output is Format.JSON:
        print_json("events-compact", msgspec.to_builtins(done))
    else:
        out = console()
        out.print(f"{done.segments:,} segments with {done.rows:,} records into the lake; {done.merged:,} files merged")
        if done.rejected:
            out.print(f"{done.rejected:,} lines are no sound records: they are in the lake's rejected/ folder")
        for name in done.repaired:
            out.print(f"damaged: {escape(name)}")
    raise typer.Exit(1 if done.rejected or done.repaired else 0)


def limit_address_space() -> None:
    """Bound what this process may take, beyond DuckDB's own limit."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + _SPARE_BYTES
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))
    except (OSError, ValueError):
        return  # not Linux: DuckDB's own limit stands alone


def _record(content: bytes) -> dict[str, Any]:
    try:
        record = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {"kind": "unreadable", "detail": repr(content[:80])}
    return record if isinstance(record, dict) else {"kind": "unreadable"}


def _show(record: dict[str, Any], output: Format) -> None:
    record.pop("chain", None)
    if output is Format.JSON:
        sys.stdout.write(msgspec.json.encode(record).decode() + "\n")
        return
    at, kind = str(record.pop("at", ""))[:23], str(record.pop("kind", ""))
    words = [f"{name}={cell(value)}" for name, value in record.items() if name not in _QUIET]
    signals = record.get("signals")
    if isinstance(signals, list):
        words += [
            f"signal={s.get('rule') or s.get('detector')}:{s.get('score')}" for s in signals if isinstance(s, dict)
        ]
    print(printable(f"{at} {kind:<20} {' '.join(words)}", 400))


_QUIET = frozenset({"id", "version", "content", "coverage", "timing", "signals", "signature", "heads", "previous"})


def plain(value: Any) -> Any:
    """A value of an answer as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def cell(value: Any) -> str:
    """A value of an answer as text."""
    shown = plain(value)
    if shown is None:
        return ""
    return shown if isinstance(shown, str) else msgspec.json.encode(shown).decode()
