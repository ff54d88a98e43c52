"""The same questions for our lake, for chDB on the same Parquet, and for SQLite with the same rows in a table.

Each answer is compared with the lake's: a peer that answers something else is no peer.
"""

from __future__ import annotations

import importlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

from bartizan.bench.table import Row
from bartizan.bench.telemetry.ingest import Folders
from bartizan.bench.telemetry.records import NEEDLE
from bartizan.core.errors import BartizanError
from bartizan.telemetry.lake.manifest import read_manifest
from bartizan.telemetry.lake.query import Lake

REPEATS: Final = 3
PATIENCE: Final = 120.0
"""Seconds after which a question to a peer is broken off."""


class Question(NamedTuple):
    """One question in two dialects."""

    what: str
    target: float
    """Seconds at five million records."""
    sql: str
    clickhouse: str
    sqlite: str


_CHAIN: Final = """SELECT principal, count(*) AS n FROM (SELECT principal, kind, time,
max(CASE WHEN kind = 'request.refused' THEN time END) OVER w AS blocked,
max(CASE WHEN kind = 'request.accepted' THEN time END) OVER w AS asked FROM {table} WINDOW w AS
(PARTITION BY principal ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS t
WHERE kind = 'request.completed' AND blocked < asked AND {within}
GROUP BY principal ORDER BY n DESC, principal LIMIT 20"""
_OF: Final = "(SELECT principal, time FROM events WHERE kind = 'request.{}') AS {}"
_BEFORE: Final = "ON c.principal = {0}.principal AND c.time > {0}.time"
_NEAREST: Final = (
    f"SELECT c.principal AS principal, count(*) AS n FROM {_OF.format('completed', 'c')}"
    f" ASOF JOIN {_OF.format('refused', 'b')} {_BEFORE.format('b')}"
    f" ASOF JOIN {_OF.format('accepted', 'a')} {_BEFORE.format('a')} WHERE b.time < a.time"
    " AND c.time - b.time <= INTERVAL 1 HOUR GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20"
)
"""The same chain in the way that suits DuckDB."""
_TEXTS: Final = "SELECT count(*) AS n FROM {table} WHERE "
_HOUR: Final = "dateDiff('microsecond', assumeNotNull(blocked), assumeNotNull(time)) <= 3600000000"
QUESTIONS: Final = (
    Question(
        "top users of 24 hours",
        0.2,
        "SELECT principal, count(*) AS n, sum(usage.output_tokens) AS t FROM events WHERE time >= ?::TIMESTAMP AND"
        " kind = 'request.completed' GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20",
        "SELECT principal, count(*) AS n, sum(tupleElement(usage, 'output_tokens')) AS t FROM {table} WHERE time >="
        " toDateTime64('{day}', 6, 'UTC') AND kind = 'request.completed' GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20",
        "SELECT principal, count(*) AS n, sum(output_tokens) AS t FROM events WHERE time >= ? AND"
        " kind = 'request.completed' GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20",
    ),
    Question(
        "blocked, asked again, answered, within an hour, over 30 days",
        3.0,
        _NEAREST,
        _CHAIN.format(table="{table}", within=_HOUR),
        _CHAIN.format(table="events", within="(julianday(time) - julianday(blocked)) * 86400 <= 3600.0005"),
    ),
    Question(
        "a few words anywhere in the texts of 30 days",
        8.0,
        f"SELECT count(*) AS n FROM (SELECT unnest(content) AS c FROM events) WHERE contains(c.text, '{NEEDLE}')",
        _TEXTS + f"arrayExists(c -> position(coalesce(tupleElement(c, 'text'), ''), '{NEEDLE}') > 0, content)",
        _TEXTS.format(table="events") + f"instr(text, '{NEEDLE}') > 0",
    ),
)


def ask(folders: Folders, events: int, progress: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    """Ask everybody. Targets hold at any size."""
    lake = Lake(folders.journal, folders.lake, seconds=PATIENCE)
    (last,) = lake.ask("SELECT strftime(max(time) - INTERVAL 1 DAY, '%Y-%m-%d %H:%M:%S.%f') FROM events").rows[0]
    rows, notes, wanted = [], [], {}
    for question in QUESTIONS:
        progress(f"lake: {question.what}")
        given = [last] if "?" in question.sql else []
        seconds, answer = _timed(lambda q=question, g=given: lake.ask(q.sql, g).rows)  # type: ignore[misc]
        wanted[question.what] = _plain(answer)
        rows.append(Row(question.what, seconds, "s", events, target=question.target, subject="bartizan"))
    for name, peer in (("chDB", _chdb), ("SQLite", _sqlite)):
        try:
            for question, seconds, answer in peer(folders, last, progress):
                if _plain(answer) != wanted[question.what]:
                    notes.append(f"{name}: another answer to {question.what!r}")
                rows.append(Row(question.what, seconds, "s", events, subject=name))
        except ImportError:
            notes.append(f"{name} is not installed: its row is missing, not passed")
        except _ImpatienceError as stopped:
            notes.append(f"{name}: {stopped} was broken off after {PATIENCE:.0f} s")
    return rows, notes


class _ImpatienceError(Exception):
    pass


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """The median of a few tries."""
    times, answer = [], None
    for _ in range(REPEATS):
        start = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - start)
    return sorted(times)[REPEATS // 2], answer


def _plain(answer: Any) -> list[list[Any]]:
    return [[int(value) if isinstance(value, int | float) else value for value in row] for row in answer]


Answers = Iterator[tuple[Question, float, Any]]


def _chdb(folders: Folders, last: str, progress: Callable[[str], None]) -> Answers:
    import json

    chdb = importlib.import_module("chdb")
    session = importlib.import_module("chdb.session").Session()
    try:
        # Files that were merged stay for a while, so the folders hold more than the lake.
        names = ",".join(sorted(read_manifest(folders.lake).files))
        table = f"file('{folders.lake}/{{{names}}}', Parquet)"
        for question in QUESTIONS:
            progress(f"chDB: {question.what}")
            sql = question.clickhouse.format(table=table, day=last)

            def work(sql: str = sql) -> Any:
                text = str(session.query(sql, "JSONCompact"))
                return [[_number(value) for value in row] for row in json.loads(text)["data"]]

            yield question, *_timed(work)
    finally:
        session.close()
    del chdb


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _sqlite(folders: Folders, last: str, progress: Callable[[str], None]) -> Answers:
    progress("SQLite: loading the rows")
    path = folders.lake.with_name("peer.sqlite")
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE TABLE events (time TEXT, kind TEXT, principal TEXT, output_tokens INTEGER, text TEXT)"
        )
        for chunk in _rows(folders.lake):
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", chunk)
        connection.execute("CREATE INDEX by_time ON events (time)")
        connection.execute("CREATE INDEX by_principal ON events (principal, time)")
        connection.commit()
        for question in QUESTIONS:
            progress(f"SQLite: {question.what}")
            given = [last] if "?" in question.sqlite else []
            timer = threading.Timer(PATIENCE, connection.interrupt)
            timer.start()
            try:
                yield question, *_timed(lambda q=question, g=given: connection.execute(q.sqlite, g).fetchall())  # type: ignore[misc]
            except sqlite3.OperationalError:
                raise _ImpatienceError(question.what) from None
            finally:
                timer.cancel()
    finally:
        connection.close()
        path.unlink(missing_ok=True)


def _rows(lake: Path) -> Iterator[list[tuple[Any, ...]]]:
    names = [str(lake / name) for name in read_manifest(lake).files]
    if not names:
        raise BartizanError("the lake is empty")
    with duckdb.connect() as connection:
        result = connection.execute(
            "SELECT strftime(time, '%Y-%m-%d %H:%M:%S.%f'), kind, principal, usage.output_tokens, content[1].text"
            " FROM read_parquet(?, union_by_name = true)",
            [names],
        )
        while chunk := result.fetchmany(50_000):
            yield chunk
