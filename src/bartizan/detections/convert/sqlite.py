"""SQLite: rules as one SELECT over ``events(line INTEGER, ts INTEGER, e TEXT)``.

``ts`` is microseconds since 1970, NULL for an event without a time; ``e`` the event as JSON. A rule on single events
gives lines; a correlation gives the moments at which it holds, with the values of its groups (without case) and its
measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bartizan.detections.convert.interface import CannotSayError, Converted, Notes, renamed
from bartizan.detections.convert.sqlite_values import SIGNS, Conditions, by_line, lowered, number_of, spelled
from bartizan.detections.matching import COMPARE
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Correlation, CorrelationType, Detection, Rule
from bartizan.detections.times import SECOND
from bartizan.detections.windows import clauses_of

TABLE: Final = "CREATE TABLE events (line INTEGER PRIMARY KEY, ts INTEGER, e TEXT)"


class Sqlite:
    """See ``Target``.

    Args:
        fields: Sigma field name to names in the events.
    """

    id, suffix, comment = "sqlite", "sql", "-- "

    def __init__(self, fields: Mapping[str, tuple[str, ...]]) -> None:
        self._fields = fields

    def convert(self, rule: Rule, collection: Collection) -> Converted:
        """See ``Target``."""
        notes = Notes()
        query = _Query(collection, self._fields, notes)
        if isinstance(rule, Detection):
            return Converted(f"SELECT line FROM events WHERE {query.condition(rule)} ORDER BY line", notes.all())
        notes.assume("letters beyond ASCII are told apart by case in values of groups")
        name = query.correlation(rule)
        groups = "".join(f', g{n} AS "{_name(field)}"' for n, field in enumerate(rule.group_by))
        ctes = ",\n".join(query.ctes)
        return Converted(f"WITH {ctes}\nSELECT ts{groups}, value FROM {name} ORDER BY ts", notes.all())


def _name(field: str) -> str:
    return field.replace('"', '""')


class _Query:
    """The common table expressions of one query."""

    def __init__(self, collection: Collection, fields: Mapping[str, tuple[str, ...]], notes: Notes) -> None:
        self._collection, self._fields, self._notes = collection, fields, notes
        self.ctes: list[str] = []
        self._made: dict[str, str] = {}
        self._tables: dict[str, str] = {}

    def condition(self, rule: Detection) -> str:
        """Whether an event fits."""
        return Conditions(self._notes).of(renamed(rule.expression, self._fields))

    def _add(self, name: str, query: str) -> str:
        self.ctes.append(f"{name} AS (\n  {query})")
        return name

    def correlation(self, rule: Correlation) -> str:
        """Name of the table of its findings: ``ts``, ``g0`` …, ``value``. Raises CannotSayError."""
        key = rule.header.key
        if key not in self._made:
            sources = [self._source(rule, slot) for slot in range(len(rule.rules))]
            prefix = self._made[key] = f"c{len(self._made)}"
            self._findings(rule, prefix, sources)
        return f"{self._made[key]}_found"

    def _source(self, rule: Correlation, slot: int) -> str:
        """Rows of one rule: ``eid``, ``ts``, ``slot``, the groups and, if one is measured, ``v``."""
        key = rule.rules[slot]
        source = self._collection[key]
        names = [rule.aliases.get(field, {}).get(key, field) for field in rule.group_by]
        measured = [rule.aliases.get(field, {}).get(key, field) for field in rule.fields]
        if len(measured) > 1:
            raise CannotSayError("the values of several fields together")
        if isinstance(source, Correlation):
            return self._of_findings(source, slot, names, measured)
        columns, joins = "", ""
        for n, name in enumerate(names):
            table = self._values(name, lowered(spelled("v")))
            joins += f" JOIN {table} x{n} ON x{n}.line = events.line"
            columns += f", x{n}.g AS g{n}"
        if measured:
            numeric = rule.type is not CorrelationType.VALUE_COUNT
            table = self._values(measured[0], number_of("v") if numeric else lowered(spelled("v")))
            joins += f" JOIN {table} y ON y.line = events.line AND y.g IS NOT NULL"
            columns += ", y.g AS v"
        return (
            f"SELECT 'e' || events.line AS eid, ts, {slot} AS slot{columns} FROM events{joins}"
            f" WHERE ts IS NOT NULL AND {self.condition(source)}"
        )

    def _values(self, field: str, value: str) -> str:
        query = " UNION ".join(by_line(name, value) for name in self._fields.get(field, (field,)))
        if query not in self._tables:
            self._tables[query] = self._add(f"f{len(self._tables)}", query)
        return self._tables[query]

    def _of_findings(self, source: Correlation, slot: int, names: list[str], measured: list[str]) -> str:
        table = self.correlation(source)
        columns = ""
        for column, name in [(f"g{n}", name) for n, name in enumerate(names)] + [("v", name) for name in measured]:
            if name not in source.group_by:
                raise CannotSayError(f"{name} of findings of another correlation, which does not group by it")
            columns += f", g{source.group_by.index(name)} AS {column}"
        return f"SELECT '{table}' || ts || row_number() OVER () AS eid, ts, {slot} AS slot{columns} FROM {table}"

    def _findings(self, rule: Correlation, prefix: str, sources: list[str]) -> None:
        groups = [f"g{n}" for n in range(len(rule.group_by))]
        same = "".join(f" AND i.{g} = m.{g}" for g in groups)
        mine = "".join(f", m.{g}" for g in groups)
        hits = self._add(f"{prefix}_in", "\n  UNION ALL ".join(sources))
        holds = " AND ".join(f"value {SIGNS[order]} {wanted!r}" for order, wanted in rule.conditions) or "1"
        if rule.type is CorrelationType.TEMPORAL_ORDERED:
            self._chain(rule, prefix, groups)
            return
        if not rule.type.value.startswith("temporal"):
            first = ", ".join(["eid", *groups])
            value = ", v" if rule.fields else ""
            hits = self._add(
                f"{prefix}_once",
                f"SELECT eid, ts{''.join(f', {g}' for g in groups)}{value} FROM"
                f" (SELECT *, min(slot) OVER (PARTITION BY {first}) AS first FROM {hits}) WHERE slot = first",
            )
        window = f"i.ts BETWEEN m.ts - {rule.timespan * SECOND} AND m.ts"
        moments = self._add(f"{prefix}_at", f"SELECT DISTINCT ts{''.join(f', {g}' for g in groups)} FROM {hits}")
        measure, having = self._measure(rule)
        by = ", ".join(["m.ts", *(f"m.{g}" for g in groups)])
        self._add(
            f"{prefix}_found",
            f"SELECT ts{''.join(f', {g}' for g in groups)}, value FROM (SELECT m.ts{mine}, {measure} AS value"
            f" FROM {moments} m JOIN {hits} i ON {window}{same} GROUP BY {by}{having}) WHERE {holds}",
        )

    def _measure(self, rule: Correlation) -> tuple[str, str]:
        match rule.type:
            case CorrelationType.EVENT_COUNT:
                return "count(*)", ""
            case CorrelationType.VALUE_COUNT:
                return "count(DISTINCT i.v)", ""
            case CorrelationType.VALUE_SUM:
                return "sum(i.v)", ""
            case CorrelationType.VALUE_AVG:
                return "avg(i.v)", ""
            case CorrelationType.TEMPORAL:
                if rule.requirement is None:
                    return "count(DISTINCT i.slot)", ""
                clauses = clauses_of(rule.requirement, {name: slot for slot, name in enumerate(rule.rules)})
                if clauses is None:
                    raise CannotSayError("the condition has too many alternatives")
                tests = (
                    "(" + " AND ".join(f"max(i.slot = {slot})" for slot in sorted(clause)) + ")" for clause in clauses
                )
                return "count(DISTINCT i.slot)", f" HAVING {' OR '.join(tests)}"
        raise CannotSayError(f"{rule.type}: SQLite has no function for it")

    def _chain(self, rule: Correlation, prefix: str, groups: list[str]) -> None:
        length = len(rule.rules)
        if rule.requirement is not None:
            raise CannotSayError("an order with a condition in words")
        if any(all(COMPARE[o](n, w) for o, w in rule.conditions) for n in range(1, length)):
            raise CannotSayError("an order that is content with some of its rules")
        columns = "".join(f", {g}" for g in groups)
        before = ""
        for slot in range(length):
            mine = f"(SELECT DISTINCT ts{columns} FROM {prefix}_in WHERE slot = {slot})"
            if not before:
                query = f"SELECT ts{columns}, ts AS start FROM {mine}"
            else:
                same = "".join(f" AND b.{g} = i.{g}" for g in groups)
                by = ", ".join(["i.ts", *(f"i.{g}" for g in groups)])
                query = (
                    f"SELECT i.ts{''.join(f', i.{g}' for g in groups)}, max(b.start) AS start FROM {mine} i"
                    f" JOIN {before} b ON b.ts < i.ts{same} GROUP BY {by}"
                )
            before = self._add(f"{prefix}_step{slot}", query)
        holds = " AND ".join(f"{length} {SIGNS[order]} {wanted!r}" for order, wanted in rule.conditions) or "1"
        begin = f"ts - {rule.timespan * SECOND}"
        query = f"SELECT ts{columns}, {length} AS value FROM {before} WHERE start >= {begin} AND {holds}"
        self._add(f"{prefix}_found", query)
