"""Correlations as SQL over tables of hits.

A table of hits has ``eid`` (unique for an event or finding), ``ts``, ``refs`` (lines of the events behind it, in order)
and one list of folded texts for each field that somebody above asks for.
"""

from __future__ import annotations

from collections.abc import Mapping

from bartizan.core.errors import ConfigurationError
from bartizan.detections.matching import COMPARE
from bartizan.detections.plan import RunnableCorrelation
from bartizan.detections.sigma.model import CorrelationType
from bartizan.detections.sql.expressions import SIGNS
from bartizan.detections.times import SECOND


def hit_column(fields: tuple[str, ...], field: str) -> str:
    """Name of the column that holds a field in a table of hits."""
    return f"p{fields.index(field)}"


class CorrelationQuery:
    """The statements for one correlation.

    Args:
        runnable: the correlation.
        table: prefix of the tables it makes; its findings are in ``{table}_found`` (``ts``, ``value``, ``g`` VARCHAR[],
            ``refs``), its hits for others in ``{table}``.
        sources: by slot, the table of hits of the rule and the fields in it.

    Raises:
        ConfigurationError: SQL cannot say it.
    """

    def __init__(
        self, runnable: RunnableCorrelation, table: str, sources: tuple[tuple[str, tuple[str, ...]], ...]
    ) -> None:
        self._one, self._table, self._sources = runnable, table, sources
        self._rule = runnable.rule
        self._span = self._rule.timespan * SECOND
        if len(self._rule.fields) > 1:
            raise ConfigurationError(f"{self._rule.header.place}: SQL counts the values of one field only")
        if self._rule.type is CorrelationType.TEMPORAL_ORDERED and self._rule.requirement is None:
            shorter = range(1, len(self._rule.rules))
            if any(all(COMPARE[o](n, w) for o, w in self._rule.conditions) for n in shorter):
                raise ConfigurationError(f"{self._rule.header.place}: SQL orders all of the rules only")

    def statements(self) -> list[str]:
        """In the order in which they run."""
        return [self._input(), self._moments(), *self._measure(), self._found(), self._hits()]

    def _input(self) -> str:
        branches = []
        for slot, (table, fields) in enumerate(self._sources):
            renamed: Mapping[str, str] = self._one.sources[slot]

            def column(field: str, renamed: Mapping[str, str] = renamed, fields: tuple[str, ...] = fields) -> str:
                return "s." + hit_column(fields, renamed.get(field, field))

            unnested = [f"unnest(list_distinct({column(f)})) AS u{i}(g{i})" for i, f in enumerate(self._rule.group_by)]
            keys = ", ".join(f"g{i}" for i in range(len(unnested)))
            value = column(self._rule.fields[0]) if self._rule.fields else "CAST([] AS VARCHAR[])"
            carried = "".join(f", {column(field)} AS q{i}" for i, field in enumerate(self._one.fields))
            counted = f" WHERE len({self._counted(value)}) > 0" if self._rule.fields else ""
            branches.append(
                f"SELECT s.eid, s.ts, s.refs, {slot} AS slot, CAST([{keys}] AS VARCHAR[]) AS g, {value} AS v{carried}"
                f" FROM {', '.join([f'{table} s', *unnested])}{counted}"
            )
        union = " UNION ALL ".join(branches)
        once = " QUALIFY row_number() OVER (PARTITION BY g, eid ORDER BY slot) = 1" if self._one.once else ""
        return f"CREATE TEMP TABLE {self._table}_in AS SELECT * FROM ({union}){once}"

    def _counted(self, values: str) -> str:
        """What is measured of a list of texts: all of them, or the numbers that they spell."""
        if self._rule.type is CorrelationType.VALUE_COUNT:
            return values
        return f"list_distinct(list_filter(list_transform({values}, lambda t: bz_number(t)), lambda n: n IS NOT NULL))"

    def _moments(self) -> str:
        return f"CREATE TEMP TABLE {self._table}_at AS SELECT DISTINCT g, ts FROM {self._table}_in"

    def _within(self, what: str, extra: str = "") -> str:
        return (
            f"SELECT m.g, m.ts, {what} AS value FROM {self._table}_at m JOIN {self._table}_in i"
            f" ON i.g = m.g AND i.ts BETWEEN m.ts - {self._span} AND m.ts{extra} GROUP BY m.g, m.ts"
        )

    def _measure(self) -> list[str]:
        kind = self._rule.type
        if kind is CorrelationType.TEMPORAL_ORDERED:
            return self._chains()
        if kind is CorrelationType.EVENT_COUNT:
            query = self._within("count(*)")
        elif kind is CorrelationType.TEMPORAL:
            query = self._within("count(DISTINCT i.slot)")
            if self._one.clauses is not None:
                tests = (f"list_has_all(list(DISTINCT i.slot), {sorted(clause)})" for clause in self._one.clauses)
                query += f" HAVING {' OR '.join(tests)}"
        elif kind is CorrelationType.VALUE_COUNT:
            counted = self._within("count(DISTINCT w.value)", "").replace(
                " GROUP BY", " LEFT JOIN LATERAL (SELECT unnest(i.v) AS value) w ON true GROUP BY"
            )
            query = counted
        else:
            share = 0.5 if kind is CorrelationType.VALUE_MEDIAN else self._rule.percentile / 100
            what = {
                CorrelationType.VALUE_SUM: "fsum(w.value)",
                CorrelationType.VALUE_AVG: "fsum(w.value) / count(w.value)",
            }.get(kind, f"quantile_cont(w.value, {share!r})")
            numbers = f"(SELECT unnest({self._counted('i.v')}) AS value)"
            query = self._within(what).replace(" GROUP BY", f" JOIN LATERAL {numbers} w ON true GROUP BY")
        return [f"CREATE TEMP TABLE {self._table}_measured AS {query}"]

    def _chains(self) -> list[str]:
        clauses = self._one.clauses or (frozenset(range(len(self._rule.rules))),)
        steps: list[str] = []
        ends: list[str] = []
        for number, clause in enumerate(clauses):
            before = ""
            for step, slot in enumerate(sorted(clause)):
                name = f"{self._table}_row{number}_{step}"
                mine = f"(SELECT DISTINCT g, ts FROM {self._table}_in WHERE slot = {slot})"
                if not before:
                    query = f"SELECT g, ts, [ts] AS row FROM {mine}"
                else:
                    query = (
                        f"SELECT i.g, i.ts, list_append(max(b.row), i.ts) AS row FROM {mine} i"
                        f" JOIN {before} b ON b.g = i.g AND b.ts < i.ts GROUP BY i.g, i.ts"
                    )
                steps.append(f"CREATE TEMP TABLE {name} AS {query}")
                before = name
            slots = sorted(clause)
            ends.append(f"SELECT g, ts, row, {slots} AS slots FROM {before} WHERE row[1] >= ts - {self._span}")
        rows = (
            f"SELECT g, ts, len(row) AS value, row, slots FROM ({' UNION ALL '.join(ends)})"
            " QUALIFY row_number() OVER (PARTITION BY g, ts ORDER BY len(row) DESC, row DESC, slots DESC) = 1"
        )
        return [*steps, f"CREATE TEMP TABLE {self._table}_measured AS {rows}"]

    def _found(self) -> str:
        holds = " AND ".join(f"m.value {SIGNS[order]} {wanted!r}" for order, wanted in self._rule.conditions) or "true"
        carried = "".join(f", list_distinct(flatten(list(i.q{n}))) AS q{n}" for n in range(len(self._one.fields)))
        ordered = self._rule.type is CorrelationType.TEMPORAL_ORDERED
        chosen = (
            " AND len(list_filter(list_zip(m.row, m.slots), lambda z: z[1] = i.ts AND z[2] = i.slot)) > 0"
            if ordered
            else ""
        )
        return (
            f"CREATE TEMP TABLE {self._table}_found AS SELECT m.g, m.ts, any_value(m.value) AS value,"
            f" list_distinct(flatten(list(i.refs ORDER BY i.ts))) AS refs{carried}"
            f" FROM {self._table}_measured m JOIN {self._table}_in i ON i.g = m.g"
            f" AND i.ts BETWEEN m.ts - {self._span} AND m.ts{chosen}"
            f" WHERE m.value IS NOT NULL AND {holds} GROUP BY m.g, m.ts"
        )

    def _hits(self) -> str:
        columns = []
        for number, field in enumerate(self._one.fields):
            own = field in self._rule.group_by
            columns.append(f"[g[{self._rule.group_by.index(field) + 1}]]" if own else f"q{number}")
        carried = "".join(f", {column} AS p{number}" for number, column in enumerate(columns))
        return (
            f"CREATE TEMP TABLE {self._table} AS SELECT '{self._table}:' || row_number() OVER () AS eid, ts,"
            f" refs{carried} FROM {self._table}_found"
        )
