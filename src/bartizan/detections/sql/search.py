"""Rules over events at rest: the same findings as the stream, by SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import msgspec

from bartizan.detections.engine import identify, single_finding
from bartizan.detections.hits import Measure, Ref, RuleFinding, RuleName, Window
from bartizan.detections.mapping import FieldMapping
from bartizan.detections.plan import RunnableCorrelation, plan
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sql.correlations import CorrelationQuery, hit_column
from bartizan.detections.sql.expressions import condition
from bartizan.detections.sql.fields import MACROS, Columns
from bartizan.detections.sql.functions import register
from bartizan.detections.times import SECOND, show

BATCH = 20_000


def search(
    collection: Collection, events: Iterable[tuple[int, dict[str, Any]]], mapping: FieldMapping | None = None
) -> list[RuleFinding]:
    """Every finding of the rules in the events.

    Args:
        collection: the rules.
        events: line numbers and JSON objects, in any order.
        mapping: names, id and time.

    Raises:
        ConfigurationError: SQL cannot say one of the rules.
    """
    chosen = mapping or FieldMapping()
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        register(connection)
        connection.execute(MACROS)
        refs = _load(connection, events, chosen)
        return _Search(collection, connection, chosen, refs).run()


def _load(
    connection: duckdb.DuckDBPyConnection, events: Iterable[tuple[int, dict[str, Any]]], mapping: FieldMapping
) -> dict[int, Ref]:
    connection.execute("CREATE TABLE events (line BIGINT, ts BIGINT, e JSON)")
    refs: dict[int, Ref] = {}
    lines: list[int] = []
    times: list[int | None] = []
    texts: list[str] = []

    def flush() -> None:
        connection.execute("INSERT INTO events SELECT unnest($1), unnest($2), unnest($3)", [lines, times, texts])
        for column in (lines, times, texts):
            column.clear()

    for line, event in events:
        refs[line] = mapping.ref(event, line)
        lines.append(line)
        times.append(mapping.moment(event))
        texts.append(msgspec.json.encode(event).decode())
        if len(lines) >= BATCH:
            flush()
    if lines:
        flush()
    return refs


class _Search:
    def __init__(
        self,
        collection: Collection,
        connection: duckdb.DuckDBPyConnection,
        mapping: FieldMapping,
        refs: dict[int, Ref],
    ) -> None:
        self._connection = connection
        self._refs = refs
        self._columns = Columns(mapping.fields)
        self._plan = plan(collection)
        self._conditions = [condition(rule.expression, self._columns) for rule in self._plan.expressions]
        self._tables: dict[str, tuple[str, tuple[str, ...]]] = {}

    def run(self) -> list[RuleFinding]:
        findings: list[RuleFinding] = []
        for rule in self._plan.detections:
            for field in rule.fields:
                self._columns.folded(field)
        self._connection.execute(f"CREATE TEMP TABLE seen AS {self._columns.query('events')}")
        for index, (rule, where) in enumerate(zip(self._plan.detections, self._conditions, strict=True)):
            table = f"d{index}"
            carried = "".join(
                f", {self._columns.folded(field)} AS {hit_column(rule.fields, field)}" for field in rule.fields
            )
            self._connection.execute(
                f"CREATE TEMP TABLE {table}_all AS SELECT 'e' || line AS eid, ts, [line] AS refs{carried}"
                f" FROM seen WHERE {where}"
            )
            self._connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM {table}_all WHERE ts IS NOT NULL")
            self._tables[rule.header.key] = (table, rule.fields)
            if rule.reported:
                rows = self._connection.execute(f"SELECT refs[1], ts FROM {table}_all ORDER BY 1").fetchall()
                findings += [single_finding(rule, self._refs[line], time) for line, time in rows]
        for index, correlation in enumerate(self._plan.correlations):
            findings += self._correlate(f"c{index}", correlation)
        return findings

    def _correlate(self, table: str, correlation: RunnableCorrelation) -> Iterator[RuleFinding]:
        sources = tuple(self._tables[name] for name in correlation.rule.rules)
        for statement in CorrelationQuery(correlation, table, sources).statements():
            self._connection.execute(statement)
        self._tables[correlation.rule.header.key] = (table, correlation.fields)
        if correlation.reported:
            rows = self._connection.execute(
                "SELECT g, ts, value,"
                " (SELECT list(line ORDER BY e.ts, line) FROM events e WHERE list_contains(refs, line))"
                f" FROM {table}_found ORDER BY ts, g"
            ).fetchall()
            for group, time, value, lines in rows:
                yield self._finding(correlation, tuple(group), time, value, lines)

    def _finding(
        self, correlation: RunnableCorrelation, group: tuple[str, ...], time: int, value: float, lines: list[int]
    ) -> RuleFinding:
        rule = correlation.rule
        refs = [self._refs[line] for line in lines]
        return RuleFinding(
            id=identify(rule.header, [group, time]),
            rule=RuleName(rule.header.title, rule.header.id, rule.header.name),
            level=rule.header.level,
            tags=rule.header.tags,
            at=show(time),
            events=tuple(ref.id for ref in refs),
            lines=tuple(lines),
            completed_by=(),
            total=len(refs),
            group=dict(zip(rule.group_by, group, strict=True)),
            window=Window(show(time - rule.timespan * SECOND), show(time)),
            measure=Measure(rule.type.value, value),
        )
