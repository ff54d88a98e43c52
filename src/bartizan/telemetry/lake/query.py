"""Questions in SQL: read-only, nothing but the lake, bounded in memory, time and rows."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

from bartizan.core.errors import BartizanError
from bartizan.telemetry.lake.pruning import recent, since
from bartizan.telemetry.lake.views import Sources, create_events, create_views, find_sources

MEMORY: Final = "1GB"
SECONDS: Final = 60.0
ROWS: Final = 1_000
_ATTEMPTS: Final = 3


class QueryError(BartizanError):
    """A question that the lake does not answer."""


class Answer(NamedTuple):
    """The rows of an answer."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool
    """There were more rows than asked for."""
    damaged: tuple[str, ...]
    """Files of the lake that were left out."""


class Lake:
    """Asks questions of one lake.

    Args:
        journal: folder of the segments.
        lake: folder of the lake.
        memory: DuckDB's limit; it does not spill to disk.
        seconds: after which a question is broken off.
    """

    def __init__(self, journal: Path, lake: Path, *, memory: str = MEMORY, seconds: float = SECONDS) -> None:
        self._journal = journal
        self._lake = lake
        self._memory = memory
        self._seconds = seconds

    def ask(self, sql: str, parameters: Sequence[Any] = (), *, rows: int = ROWS) -> Answer:
        """The answer to one SELECT.

        Args:
            sql: DuckDB's SQL over ``events`` and the other views.
            parameters: for ``?`` in it.
            rows: most rows of the answer.

        Raises:
            QueryError: it is no single SELECT, is wrong, takes too long or too much memory, or wants other files.
            JournalError: the journal or the manifest cannot be read.
        """
        return self.ask_each([(sql, parameters)], rows=rows)[0]

    def ask_each(self, questions: Sequence[tuple[str, Sequence[Any]]], *, rows: int = ROWS) -> list[Answer]:
        """The answers to several questions over the same state of the lake.

        Args:
            questions: SELECT and parameters of each.
            rows: most rows of each answer.

        Raises:
            QueryError: one of them is not answered; see :meth:`ask`.
            JournalError: the journal or the manifest cannot be read.
        """
        for attempt in range(_ATTEMPTS):
            sources = find_sources(self._journal, self._lake)
            try:
                with self._connect(sources, " ".join(sql for sql, _ in questions)) as connection:
                    answers = []
                    for number, (sql, given) in enumerate(questions):
                        if number:  # the one before may have looked at fewer files
                            create_events(connection, sources)
                        answers.append(self._ask(connection, sql, given, rows, sources))
                    return answers
            except duckdb.IOException as error:
                # A segment was completed, or a file merged, since the listing: look again.
                gone = any(not path.exists() for path in (*sources.live, *sources.parquet))
                if attempt + 1 == _ATTEMPTS or not gone:
                    raise _explained(error) from None
            except duckdb.Error as error:
                raise _explained(error) from None
        raise AssertionError

    def _ask(
        self, connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any], rows: int, sources: Sources
    ) -> Answer:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QueryError("only a single SELECT is allowed", "views: events, requests, signals, blocked, …")
        timer = threading.Timer(self._seconds, connection.interrupt)
        timer.start()
        try:
            files = sources.parquet
            if len(files) > 1 and "time" in sql.lower():
                files = recent(files, since(connection, sql, parameters))
            if len(files) < len(sources.parquet):
                create_events(connection, sources._replace(parquet=files))
            result = connection.execute(statements[0], list(parameters) or None)
            columns = tuple(str(column[0]) for column in result.description or ())
            fetched = result.fetchmany(rows + 1)
        finally:
            timer.cancel()
        return Answer(columns, fetched[:rows], len(fetched) > rows, sources.damaged)

    @contextmanager
    def _connect(self, sources: Sources, sql: str) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = duckdb.connect(
            config={
                "memory_limit": self._memory,
                "temp_directory": "",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
                "allow_community_extensions": "false",
            }
        )
        try:
            connection.execute("SET enable_progress_bar = false")
            create_views(connection, sources, sql)
            paths = [str(path) for path in (*sources.parquet, *sources.live)]
            connection.execute("SET allowed_paths = ?", [paths])
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection
        finally:
            connection.close()


def _explained(error: duckdb.Error) -> QueryError:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, duckdb.InterruptException):
        return QueryError("the question took too long and was broken off", "narrow the time, or allow more --seconds")
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError("the question needs more memory than it may have", "narrow the time, or aggregate")
    if isinstance(error, duckdb.PermissionException):
        return QueryError(f"not allowed: {first}", "questions see the lake and nothing else")
    if ".parquet" in str(error) or first.startswith("TProtocolException"):
        return QueryError(f"a file of the lake is damaged: {first}", "run: bartizan events compact --check")
    return QueryError(first)
