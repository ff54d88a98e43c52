"""``bartizan events export``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from bartizan.cli.output import WorkspaceOption
from bartizan.core.errors import ConfigurationError, JournalError


class ExportFormat(StrEnum):
    """The formats of the mapping tables."""

    NATIVE = "native"
    OCSF = "ocsf"
    ECS = "ecs"
    ASIM = "asim"
    OTEL = "otel"
    CEF = "cef"
    LEEF = "leef"


class _Facts(msgspec.Struct):
    kind: str
    at: datetime


def export(
    workspace: WorkspaceOption = Path(),
    output: Annotated[ExportFormat, typer.Option("--as", help="Schema or format.")] = ExportFormat.OCSF,
    out: Annotated[Path | None, typer.Option("--out", help="A new file instead of standard output.")] = None,
    since: Annotated[str, typer.Option("--since", help="Records from this time on: RFC 3339, UTC unless said.")] = "",
    until: Annotated[str, typer.Option("--until", help="Records before this time.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only kinds that start with this, such as 'request.'.")] = "",
) -> None:
    """Write records in another schema, one a line. Exit 1 if some could not be mapped."""
    from bartizan.app.places import journal_of
    from bartizan.telemetry.mappings import formatter
    from bartizan.telemetry.mappings.formats import Unmappable
    from bartizan.telemetry.tailing import Cursor, Tailer
    from bartizan.workspace.workspace import Workspace

    first, end = _moment(since, "--since"), _moment(until, "--until")
    write = formatter(str(output))
    decode = msgspec.json.Decoder(_Facts).decode
    tailer = Tailer(journal_of(Workspace(workspace)), Cursor())
    written = bad = 0
    with _target(out) as file:
        while lines := tailer.read():
            for line in lines:
                try:
                    facts = decode(line.content)
                    if not facts.kind.startswith(kind) or not _within(facts.at, first, end):
                        continue
                    texts = write(line.content)
                except (msgspec.DecodeError, UnicodeDecodeError, Unmappable) as error:
                    bad += 1
                    print(f"warning: {line.segment}: not exported: {error}", file=sys.stderr)
                    continue
                file.writelines(text + b"\n" for text in texts)
                written += 1
    print(f"{written:,} records exported", file=sys.stderr)
    raise typer.Exit(1 if bad else 0)


@contextmanager
def _target(out: Path | None) -> Iterator[Any]:
    if out is None:
        yield sys.stdout.buffer
        return
    try:
        file: BinaryIO
        with out.open("xb") as file:
            yield file
    except FileExistsError:
        raise ConfigurationError(f"{out} is there already", "nothing was written: name a new file") from None
    except OSError as error:
        raise JournalError(f"cannot write {out}: {error.strerror}") from None


def _moment(text: str, option: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option}: {text[:40]!r} is no time", "write 2026-11-27T05:00:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _within(moment: datetime, first: datetime | None, end: datetime | None) -> bool:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (first is None or aware >= first) and (end is None or aware < end)
