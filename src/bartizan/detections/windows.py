"""Sliding windows over hits: what enters, what leaves, what is measured in between.

A window that ends at ``t`` holds the hits from ``t - timespan`` to ``t``, both included.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Protocol

from bartizan.detections.fields import fold, spell
from bartizan.detections.hits import Hit, Ref
from bartizan.detections.matching import as_float
from bartizan.detections.sigma.model import AllOf, Correlation, CorrelationType, Reference, Requirement, Scalar

MAX_CLAUSES = 64
Measured = tuple[tuple[Scalar, ...], ...]
"""Values of ``condition.field``, each with those of further fields; empty where nothing is measured."""
Values = Callable[[Hit], Measured]


class Gauge(Protocol):
    """Measures one window of one group. Hits come in order of time."""

    def counts(self, measured: Measured) -> bool:
        """Whether a hit with these values has what is measured; one that has not is never added."""
        ...

    def add(self, hit: Hit, measured: Measured) -> None:
        """``hit`` entered, with the values of the field that is measured."""
        ...

    def remove(self, hit: Hit) -> None:
        """``hit`` left."""
        ...

    def read(self, now: int, start: int) -> int | float | None:
        """The measure of the window from ``start`` to ``now``; None where there is nothing to measure."""
        ...

    def evidence(self, hits: Sequence[Hit], head: int, most: int) -> tuple[tuple[Hit, ...], int]:
        """The hits that make the window just read, and how many events are behind them.

        Args:
            hits: of the group, in order of time.
            head: where the window begins.
            most: events that are wanted; of more, the newest hits that have so many.
        """
        ...


class CountGauge:
    """``event_count``.

    Which events there are is worked out when a finding first asks for them, and kept up to date from then on: most
    windows never qualify.
    """

    __slots__ = ("_count", "_refs", "_unlisted")

    def __init__(self) -> None:
        self._count = 0
        self._refs: dict[Ref, int] | None = None
        self._unlisted = 0
        """Events behind hits that list the newest of theirs only."""

    def counts(self, measured: Measured) -> bool:
        """Every hit does."""
        return True

    def add(self, hit: Hit, measured: Measured) -> None:
        """One more."""
        self._count += 1
        if self._refs is not None:
            self._list(self._refs, hit)

    def _list(self, refs: dict[Ref, int], hit: Hit) -> None:
        for ref in hit.refs:
            refs[ref] = refs.get(ref, 0) + 1
        self._unlisted += hit.total - len(hit.refs)

    def remove(self, hit: Hit) -> None:
        """One less."""
        self._count -= 1
        refs = self._refs
        if refs is None:
            return
        if not self._count:
            self._refs = None
            return
        for ref in hit.refs:
            if refs[ref] == 1:
                del refs[ref]
            else:
                refs[ref] -= 1
        self._unlisted -= hit.total - len(hit.refs)

    def read(self, now: int, start: int) -> int | float | None:
        """How many."""
        return self._count

    def evidence(self, hits: Sequence[Hit], head: int, most: int) -> tuple[tuple[Hit, ...], int]:
        """All."""
        if self._refs is None:
            self._refs, self._unlisted = {}, 0
            for index in range(head, len(hits)):
                self._list(self._refs, hits[index])
        first = len(hits)
        seen: set[Ref] = set()
        # Only as far back as need be: a rule that fires all the time must not cost its whole window each time.
        while first > head and len(seen) < most:
            first -= 1
            seen.update(hits[first].refs)
        return tuple(hits[first:]), len(self._refs) + self._unlisted


class DistinctGauge(CountGauge):
    """``value_count``: different values, as text without case; several fields make a tuple."""

    __slots__ = ("_seen", "_values")

    def __init__(self, values: Values) -> None:
        super().__init__()
        self._values = values
        self._seen: dict[str | tuple[str, ...], int] = {}

    def counts(self, measured: Measured) -> bool:
        """One with a value does."""
        return bool(measured)

    def add(self, hit: Hit, measured: Measured) -> None:
        """Count its values."""
        super().add(hit, measured)
        seen = self._seen
        for key in _keys(measured):
            seen[key] = seen.get(key, 0) + 1

    def remove(self, hit: Hit) -> None:
        """Forget its values."""
        super().remove(hit)
        seen = self._seen
        for key in _keys(self._values(hit)):
            left = seen[key] - 1
            if left:
                seen[key] = left
            else:
                del seen[key]

    def read(self, now: int, start: int) -> int | float | None:
        """How many different ones."""
        return len(self._seen)


def _keys(measured: Measured) -> Collection[str | tuple[str, ...]]:
    if len(measured) == 1 and len(measured[0]) == 1:
        return (fold(spell(measured[0][0])),)
    return {fold(spell(one[0])) if len(one) == 1 else tuple(fold(spell(v)) for v in one) for one in measured}


class _NumberGauge(CountGauge):
    __slots__ = ("_values",)

    def __init__(self, values: Values) -> None:
        super().__init__()
        self._values = values

    def counts(self, measured: Measured) -> bool:
        """One with a number does."""
        return bool(_numbers(measured))


def _numbers(measured: Measured) -> Collection[float]:
    if len(measured) == 1:
        number = as_float(measured[0][0])
        return () if number is None else (number,)
    return {number for values in measured if (number := as_float(values[0])) is not None}


class SumGauge(_NumberGauge):
    """``value_sum`` and ``value_avg``: rounded once, as if all numbers had been added without any rounding.

    Whole numbers are added up as they come and go; others are added anew for each reading.
    """

    __slots__ = ("_average", "_many", "_rest", "_whole")

    def __init__(self, values: Values, *, average: bool) -> None:
        super().__init__(values)
        self._average = average
        self._many = 0
        self._whole = 0
        self._rest: list[float] = []

    def add(self, hit: Hit, measured: Measured) -> None:
        """Add its numbers."""
        super().add(hit, measured)
        for number in _numbers(measured):
            self._many += 1
            if number.is_integer():
                self._whole += int(number)
            else:
                insort(self._rest, number)

    def remove(self, hit: Hit) -> None:
        """Take its numbers away."""
        super().remove(hit)
        for number in _numbers(self._values(hit)):
            self._many -= 1
            if number.is_integer():
                self._whole -= int(number)
            else:
                del self._rest[bisect_left(self._rest, number)]

    def read(self, now: int, start: int) -> int | float | None:
        """Sum or mean; None without any number."""
        if not self._many:
            return None
        total = float(self._whole) if not self._rest else math.fsum((*self._rest, *_exactly(self._whole)))
        return total / self._many if self._average else total


def _exactly(whole: int) -> Iterator[float]:
    """Numbers whose sum is ``whole``, each a double."""
    while whole:
        part = float(whole)
        yield part
        whole -= int(part)


class StatisticGauge(_NumberGauge):
    """``value_median`` and ``value_percentile`` of the numbers in one field.

    Percentiles are interpolated between the two values around the rank ``(n - 1) * p / 100``.
    """

    __slots__ = ("_share", "_sorted")

    def __init__(self, values: Values, percentile: float) -> None:
        super().__init__(values)
        self._share = percentile / 100
        self._sorted: list[float] = []

    def add(self, hit: Hit, measured: Measured) -> None:
        """Sort its numbers in."""
        super().add(hit, measured)
        for number in _numbers(measured):
            insort(self._sorted, number)

    def remove(self, hit: Hit) -> None:
        """Take its numbers out."""
        super().remove(hit)
        for number in _numbers(self._values(hit)):
            del self._sorted[bisect_left(self._sorted, number)]

    def read(self, now: int, start: int) -> int | float | None:
        """The statistic; None without any number."""
        numbers = self._sorted
        if not numbers:
            return None
        rank = (len(numbers) - 1) * self._share
        below = int(rank)
        above = min(below + 1, len(numbers) - 1)
        return numbers[below] + (numbers[above] - numbers[below]) * (rank - below)


class SlotGauge(CountGauge):
    """``temporal``: how many of the rules have a hit; with a condition in words, whether it holds."""

    __slots__ = ("_clauses", "_slots")

    def __init__(self, clauses: Sequence[frozenset[int]] | None) -> None:
        super().__init__()
        self._clauses = clauses
        self._slots: Counter[int] = Counter()

    def add(self, hit: Hit, measured: Measured) -> None:
        """Its rule has one more."""
        super().add(hit, measured)
        self._slots[hit.slot] += 1

    def remove(self, hit: Hit) -> None:
        """Its rule has one less."""
        super().remove(hit)
        self._slots[hit.slot] -= 1
        if not self._slots[hit.slot]:
            del self._slots[hit.slot]

    def read(self, now: int, start: int) -> int | float | None:
        """How many rules; None where the condition in words does not hold."""
        if self._clauses is not None and not any(clause <= self._slots.keys() for clause in self._clauses):
            return None
        return len(self._slots)


class ChainGauge:
    """``temporal_ordered``: the longest row of hits in the order of the rules, at times that strictly grow, whose last
    hit stands at the window's end.

    Of several rows of one length, the one that starts last counts, then the one whose second hit is last, and so on.
    """

    __slots__ = ("_fresh", "_moment", "_orders", "_partial", "_read", "_rows")

    def __init__(self, rules: int, clauses: Sequence[frozenset[int]] | None) -> None:
        self._orders = [tuple(range(rules))] if clauses is None else [tuple(sorted(clause)) for clause in clauses]
        self._partial = clauses is None
        # Best rows by (order, slot, length): times of its hits; and those of the moment that is being read.
        self._rows: dict[tuple[int, int, int], tuple[tuple[int, int], ...]] = {}
        self._fresh: dict[tuple[int, int, int], tuple[tuple[int, int], ...]] = {}
        self._moment = -1
        self._read: tuple[tuple[int, int], ...] = ()

    def counts(self, measured: Measured) -> bool:
        """Every hit does."""
        return True

    def add(self, hit: Hit, measured: Measured) -> None:
        """Prolong every row that its rule may follow."""
        if hit.time != self._moment:
            self._settle(hit.time)
        for order, slots in enumerate(self._orders):
            if hit.slot not in slots:
                continue
            place = slots.index(hit.slot)
            self._keep((order, hit.slot, 1), ((hit.time, hit.slot),))
            for before in slots[:place] if self._partial else slots[max(place - 1, 0) : place]:
                for length in range(1, place + 1):
                    row = self._rows.get((order, before, length))
                    if row is not None:
                        self._keep((order, hit.slot, length + 1), (*row, (hit.time, hit.slot)))

    def _keep(self, key: tuple[int, int, int], row: tuple[tuple[int, int], ...]) -> None:
        if row > self._fresh.get(key, ()):
            self._fresh[key] = row

    def _settle(self, moment: int) -> None:
        for key, row in self._fresh.items():
            if row > self._rows.get(key, ()):
                self._rows[key] = row
        self._fresh = {}
        self._moment = moment

    def remove(self, hit: Hit) -> None:
        """Nothing: a row that starts before the window is not read."""

    def _row(self, now: int, start: int) -> tuple[tuple[int, int], ...]:
        if self._moment != now:
            return ()
        rows = [
            row
            for (order, slot, length), row in self._fresh.items()
            if row[0][0] >= start and (self._partial or length == len(self._orders[order]))
        ]
        return max(rows, key=lambda row: (len(row), [time for time, _ in row], [slot for _, slot in row]), default=())

    def read(self, now: int, start: int) -> int | float | None:
        """Length of the row; None without one."""
        self._read = self._row(now, start)
        return len(self._read) or None

    def evidence(self, hits: Sequence[Hit], head: int, most: int) -> tuple[tuple[Hit, ...], int]:
        """Those of the row; all of a rule that share a moment."""
        found: list[Hit] = []
        for time, slot in self._read:
            first = bisect_left(hits, time, lo=head, key=_time)
            last = bisect_right(hits, time, lo=first, key=_time)
            found += [hit for hit in hits[first:last] if hit.slot == slot]
        unlisted = sum(hit.total - len(hit.refs) for hit in found)
        return tuple(found), len({ref for hit in found for ref in hit.refs}) + unlisted


def _time(hit: Hit) -> int:
    return hit.time


def clauses_of(requirement: Requirement, slots: dict[str, int]) -> list[frozenset[int]] | None:
    """The alternatives of a condition in words, each a set of rules that must all occur; None for too many."""
    if isinstance(requirement, Reference):
        return [frozenset({slots[requirement.rule]})]
    parts = [clauses_of(term, slots) for term in requirement.terms]
    result: list[frozenset[int]] = [frozenset()] if isinstance(requirement, AllOf) else []
    for part in parts:
        if part is None:
            return None
        result = [one | other for one in result for other in part] if isinstance(requirement, AllOf) else result + part
        if len(result) > MAX_CLAUSES:
            return None
    return list(dict.fromkeys(result))


def gauges_for(
    correlation: Correlation,
    values: Values,
    clauses: Sequence[frozenset[int]] | None,
) -> Callable[[], Gauge]:
    """What makes a fresh gauge for each group of the correlation."""
    match correlation.type:
        case CorrelationType.EVENT_COUNT:
            return CountGauge
        case CorrelationType.VALUE_COUNT:
            return partial(DistinctGauge, values)
        case CorrelationType.TEMPORAL:
            return partial(SlotGauge, clauses)
        case CorrelationType.TEMPORAL_ORDERED:
            return partial(ChainGauge, len(correlation.rules), clauses)
        case CorrelationType.VALUE_SUM | CorrelationType.VALUE_AVG as kind:
            return partial(SumGauge, values, average=kind is CorrelationType.VALUE_AVG)
        case kind:
            median = kind is CorrelationType.VALUE_MEDIAN
            return partial(StatisticGauge, values, 50.0 if median else correlation.percentile)
