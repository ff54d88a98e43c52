"""Rate limits of all principals."""

from __future__ import annotations

from typing import Final

from bartizan.core.limits import RateLimit
from bartizan.keeper.gcra import Gcra

LEASE_SECONDS: Final = 0.05
"""How long a worker may hold leased requests. A lease holds at most a tenth of the burst, or what the rate gives in
this time, whichever is more."""


class Taken:
    """What came of an attempt to take requests from a bucket."""

    __slots__ = ("count", "wait")

    def __init__(self, count: int, wait: float) -> None:
        self.count = count
        """Taken; 0 if none conforms."""
        self.wait = wait
        """Seconds until one does, if none did."""


class RateBook:
    """One bucket per principal; forgets those that are full."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[Gcra, int]] = {}
        self._limits: dict[RateLimit, Gcra] = {}

    def take(self, principal: str, limit: RateLimit, now: int, sharers: int) -> Taken:
        """Take one request and, if more than one worker may draw (``sharers`` > 0), a slice for the asking worker.

        Args:
            now: nanoseconds.
            sharers: number of workers among which what is available must suffice; 0 for no slice.

        Raises:
            ConfigurationError: the limit makes no sense.
        """
        gcra, tat = self._bucket(principal, limit)
        available = gcra.available(tat, now)
        if not available:
            return Taken(0, gcra.wait(tat, now) / 1e9)
        count = 1
        if sharers:
            fill = int(gcra.requests * LEASE_SECONDS * 1e9) // gcra.interval
            # Never more than half of what an even split would give, so that no worker starves while another hoards.
            count += max(0, min(max(gcra.burst // 10, fill), available // (2 * sharers)) - 1)
        self._buckets[principal] = (gcra, gcra.take(tat, now, count))
        return Taken(count, 0.0)

    def give_back(self, principal: str, limit: RateLimit, count: int) -> None:
        """Return what a worker leased and did not use."""
        if principal in self._buckets:
            gcra, tat = self._bucket(principal, limit)
            self._buckets[principal] = (gcra, gcra.give_back(tat, count))

    def _bucket(self, principal: str, limit: RateLimit) -> tuple[Gcra, int]:
        gcra = self._limits.get(limit)
        if gcra is None:
            gcra = self._limits[limit] = Gcra(limit)
        known = self._buckets.get(principal)
        if known is None:
            return gcra, 0
        return gcra, known[1] if known[0] is gcra else gcra.rescale(known[1], known[0].requests)

    def sweep(self, now: int) -> None:
        """Forget full buckets, and limits that no bucket uses."""
        self._buckets = {name: bucket for name, bucket in self._buckets.items() if not bucket[0].idle(bucket[1], now)}
        used = {id(gcra) for gcra, _ in self._buckets.values()}
        self._limits = {limit: gcra for limit, gcra in self._limits.items() if id(gcra) in used}

    def __len__(self) -> int:
        return len(self._buckets)
