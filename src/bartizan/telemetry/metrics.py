"""Counters, gauges and histograms of one process, with bounded label cardinality.

Each worker fills its own :class:`Registry`; ``snapshot()`` is what travels; ``exposition.merge`` adds the
workers up and ``exposition.render`` writes the Prometheus text format.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, Generic, TypeVar

import msgspec

OVERFLOW: Final = "_overflow"
"""Label value that takes what comes after ``max_series`` different combinations."""
DEFAULT_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds."""

_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,127}")
_LABEL: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,63}")
_MAX_LABEL_VALUE: Final = 128

Labels = tuple[str, ...]


class Kind(StrEnum):
    """Metric type, as in the text format."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Family(msgspec.Struct, frozen=True):
    """The values of one metric at one moment."""

    name: str
    help: str
    kind: Kind
    labels: tuple[str, ...]
    buckets: tuple[float, ...]
    """Upper bounds without infinity; empty unless a histogram."""
    series: tuple[tuple[Labels, tuple[float, ...]], ...]
    """Label values and numbers: one for counters and gauges; for histograms a count per bucket (not cumulative, the
    last for infinity), then the sum."""


Snapshot = tuple[Family, ...]


class Value:
    """One number of a counter or gauge."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``; counters only ever grow."""
        self.number += amount

    def set(self, number: float) -> None:
        """Replace the number; for gauges."""
        self.number = number

    def numbers(self) -> tuple[float, ...]:
        """The number alone."""
        return (self.number,)


class Distribution:
    """Counts per bucket, and the sum, of one histogram series."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, amount: float) -> None:
        """Count ``amount`` in the first bucket whose bound is not below it; what is not a number is not counted."""
        if not math.isnan(amount):
            self._counts[bisect_left(self._bounds, amount)] += 1
            self._sum += amount

    def numbers(self) -> tuple[float, ...]:
        """Counts, then the sum."""
        return (*self._counts, self._sum)


S = TypeVar("S", Value, Distribution)


class Metric(Generic[S]):
    """A named metric; ``labels(...)`` gives the series to count in. Keep the series where it is used often."""

    def __init__(
        self,
        name: str,
        text: str,
        kind: Kind,
        labels: tuple[str, ...],
        create: Callable[[], S],
        max_series: int,
        buckets: tuple[float, ...] = (),
    ) -> None:
        self._name, self._help, self._kind, self._labels, self._buckets = name, text, kind, labels, buckets
        self._create: Callable[[], S] = create
        self._max_series = max_series
        self._series: dict[Labels, S] = {}
        if not labels:
            self._series[()] = create()

    def labels(self, *values: str) -> S:
        """The series of these label values, in the order in which the labels were declared.

        Values beyond 128 characters are cut; past ``max_series`` combinations everything new shares one series whose
        label values are all ``_overflow``, so that hostile values cannot fill the memory.

        Raises:
            ValueError: the number of values is wrong.
        """
        series = self._series.get(values)
        return series if series is not None else self._add(values)

    def _add(self, values: Labels) -> S:
        if len(values) != len(self._labels):
            raise ValueError(f"{self._name} takes {len(self._labels)} label values, not {len(values)}")
        key = tuple(value[:_MAX_LABEL_VALUE].encode("utf-8", "replace").decode() for value in values)
        if key not in self._series and len(self._series) >= self._max_series:
            key = (OVERFLOW,) * len(values)
        return self._series.setdefault(key, self._create())

    def family(self) -> Family:
        """The values now."""
        series = tuple((key, value.numbers()) for key, value in sorted(self._series.items()))
        return Family(self._name, self._help, self._kind, self._labels, self._buckets, series)


Counter = Metric[Value]
Gauge = Metric[Value]
Histogram = Metric[Distribution]


class Registry:
    """The metrics of one process.

    Args:
        max_series: bound on label combinations per metric.
    """

    def __init__(self, *, max_series: int = 500) -> None:
        self._max_series = max_series
        self._metrics: dict[str, Counter | Histogram] = {}

    def counter(self, name: str, text: str, labels: Sequence[str] = ()) -> Counter:
        """A number that only grows; its name ends in ``_total``. Raises ValueError for bad or taken names."""
        if not name.endswith("_total"):
            raise ValueError(f"the name of counter {name} must end in _total")
        return self._values(name, text, Kind.COUNTER, labels)

    def gauge(self, name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
        """A number that may fall; workers' gauges are added up. Raises ValueError for bad or taken names."""
        return self._values(name, text, Kind.GAUGE, labels)

    def histogram(
        self, name: str, text: str, labels: Sequence[str] = (), buckets: Sequence[float] = DEFAULT_BUCKETS
    ) -> Histogram:
        """A distribution over ``buckets`` (ascending upper bounds). Raises ValueError for bad names or buckets."""
        bounds = tuple(float(bound) for bound in buckets)
        if not bounds or list(bounds) != sorted(set(bounds)) or not all(math.isfinite(bound) for bound in bounds):
            raise ValueError(f"the buckets of {name} must be finite, different and ascending")
        self._check(name, (*labels, "le"), {f"{name}_bucket", f"{name}_sum", f"{name}_count"})
        metric: Histogram = Metric(
            name, text, Kind.HISTOGRAM, tuple(labels), lambda: Distribution(bounds), self._max_series, bounds
        )
        self._metrics[name] = metric
        return metric

    def _values(self, name: str, text: str, kind: Kind, labels: Sequence[str]) -> Metric[Value]:
        self._check(name, labels, set())
        metric: Metric[Value] = Metric(name, text, kind, tuple(labels), Value, self._max_series)
        self._metrics[name] = metric
        return metric

    def _check(self, name: str, labels: Sequence[str], derived: set[str]) -> None:
        if _NAME.fullmatch(name) is None or name in self._metrics or derived & self._metrics.keys():
            raise ValueError(f"the metric name {name!r} is malformed or taken")
        if any(_LABEL.fullmatch(label) is None for label in labels) or len(set(labels)) != len(labels):
            raise ValueError(f"the labels of {name} are malformed, reserved or doubled")

    def snapshot(self) -> Snapshot:
        """All values now; small, immutable, and encodable with msgspec."""
        return tuple(metric.family() for metric in self._metrics.values())
