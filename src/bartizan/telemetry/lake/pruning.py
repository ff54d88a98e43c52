"""Which days a question can be about, by DuckDB's own plan for it: files of earlier days are not even opened.

A plan names the conditions that each scan of the files applies by itself. Where every scan asks for a time from some
moment on, no row of an earlier day can be in the answer, and each row of a file is of the day that its folder names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

_SCAN: Final = ("READ_PARQUET", "PARQUET_SCAN")
_FROM: Final = re.compile(
    r"\(*time (?:>=?|=) '(\d{4}-\d{2}-\d{2})(?: [0-9:.]+)?'::TIMESTAMP\)*"
    r"(?: AND \(*time <=? '[0-9 :.-]+'::TIMESTAMP\)*)?"
)
"""A whole condition, as plans write it; any other way of writing it prunes nothing."""


def since(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any]) -> date | None:
    """The first day that the answer to a SELECT can depend on; None for any, and for a question that has no plan."""
    try:
        rows = connection.execute("EXPLAIN (FORMAT json) " + sql, list(parameters) or None).fetchall()
        scans = list(_scans(msgspec.json.decode(rows[0][1])))
    except (duckdb.Error, msgspec.DecodeError, IndexError):
        return None
    firsts = [_first(scan) for scan in scans]
    known = [first for first in firsts if first is not None]
    return min(known) if known and len(known) == len(firsts) else None


def recent(files: Sequence[Path], first: date | None) -> tuple[Path, ...]:
    """The files with rows of that day or later; at least one, for its columns."""
    if first is None:
        return tuple(files)
    kept = tuple(path for path in files if (day := _day(path)) is None or day >= first)
    return kept or tuple(files[-1:])


def _day(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.parent.name.removeprefix("day="))
    except ValueError:
        return None


def _scans(plan: Any) -> Iterator[dict[str, Any]]:
    waiting = list(plan)
    while waiting:
        node = waiting.pop()
        waiting += node.get("children", ())
        if str(node.get("name", "")).strip() in _SCAN:
            yield node.get("extra_info", {})


def _first(scan: dict[str, Any]) -> date | None:
    filters = scan.get("Filters", ())
    conditions = [filters] if isinstance(filters, str) else filters
    found = [match[1] for one in conditions if (match := _FROM.fullmatch(str(one).strip()))]
    return max(map(date.fromisoformat, found), default=None)
