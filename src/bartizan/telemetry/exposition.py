"""Snapshots of several processes added up, and written in the Prometheus text format 0.0.4.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from bartizan.telemetry.metrics import Family, Kind, Labels, Snapshot

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def merge(snapshots: Iterable[Snapshot]) -> Snapshot:
    """The sums over all processes, in the order in which metrics first appear.

    Raises:
        ValueError: two processes give the same name another kind, other labels or other buckets.
    """
    families: dict[str, Family] = {}
    sums: dict[str, dict[Labels, tuple[float, ...]]] = {}
    for snapshot in snapshots:
        for family in snapshot:
            first = families.setdefault(family.name, family)
            if (first.kind, first.labels, first.buckets) != (family.kind, family.labels, family.buckets):
                raise ValueError(f"{family.name} differs between processes")
            series = sums.setdefault(family.name, {})
            for labels, numbers in family.series:
                known = series.get(labels)
                series[labels] = numbers if known is None else tuple(a + b for a, b in zip(known, numbers, strict=True))
    return tuple(
        Family(
            family.name,
            family.help,
            family.kind,
            family.labels,
            family.buckets,
            tuple(sorted(sums[family.name].items())),
        )
        for family in families.values()
    )


def render(snapshot: Snapshot) -> str:
    """The snapshot as text; serve it as CONTENT_TYPE."""
    return "".join(line + "\n" for family in snapshot for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    help_text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {family.name} {help_text}"
    yield f"# TYPE {family.name} {family.kind.value}"
    for labels, numbers in family.series:
        pairs = list(zip(family.labels, labels, strict=True))
        if family.kind is Kind.HISTOGRAM:
            total = 0.0
            for bound, count in zip((*family.buckets, math.inf), numbers[:-1], strict=True):
                total += count
                yield f"{family.name}_bucket{_braces([*pairs, ('le', _number(bound))])} {_number(total)}"
            yield f"{family.name}_sum{_braces(pairs)} {_number(numbers[-1])}"
            yield f"{family.name}_count{_braces(pairs)} {_number(total)}"
        else:
            yield f"{family.name}{_braces(pairs)} {_number(numbers[0])}"


def _braces(pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in pairs) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(number: float) -> str:
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    if math.isnan(number):
        return "NaN"
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(float(number))
