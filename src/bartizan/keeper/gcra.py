"""The generic cell rate algorithm (ITU-T I.371, ATM Forum TM 4.0), exact: all arithmetic is in integers.

Its state is one number per principal, the theoretical arrival time (TAT): the moment at which the bucket is full again.
A request conforms when it leaves no more than ``burst`` emission intervals between now and the new TAT. To keep an
interval of, say, 60 s / 7 exact, times are counted in nanoseconds times ``requests``, where the interval is the window.
"""

from __future__ import annotations

import math

from bartizan.core.errors import ConfigurationError
from bartizan.core.limits import RateLimit


class Gcra:
    """The arithmetic of one rate limit; pure. Moments are integers in nanoseconds, TATs in units of ``1/requests`` ns.

    Raises:
        ConfigurationError: the limit's numbers make no sense.
    """

    __slots__ = ("burst", "interval", "requests")

    def __init__(self, limit: RateLimit) -> None:
        if not (math.isfinite(limit.seconds) and 0 < limit.seconds <= 1e9):
            raise ConfigurationError(f"a rate limit over {limit.seconds} seconds", "seconds must be above 0")
        if limit.requests < 0 or limit.burst < 0:
            raise ConfigurationError("a rate limit with a negative number")
        self.requests = limit.requests
        self.burst = limit.burst or limit.requests
        self.interval = max(1, round(limit.seconds * 1e9))
        """Of one request, in units of 1/requests ns: the whole window."""

    def available(self, tat: int, now: int) -> int:
        """How many requests conform at once, now."""
        if self.requests == 0:
            return 0
        scaled = now * self.requests
        return max(0, (scaled + self.burst * self.interval - max(tat, scaled)) // self.interval)

    def take(self, tat: int, now: int, count: int) -> int:
        """The TAT after ``count`` requests, which must be available."""
        return max(tat, now * self.requests) + count * self.interval

    def give_back(self, tat: int, count: int) -> int:
        """The TAT as if ``count`` taken requests had never been."""
        return tat - count * self.interval

    def wait(self, tat: int, now: int) -> int:
        """Nanoseconds until one request conforms; 0 if it does now, or never will."""
        if self.requests == 0:
            return 0
        missing = max(tat, now * self.requests) + self.interval - self.burst * self.interval - now * self.requests
        return max(0, -(-missing // self.requests))

    def idle(self, tat: int, now: int) -> bool:
        """True when the bucket is full, so that forgetting it changes nothing."""
        return tat <= now * self.requests

    def rescale(self, tat: int, requests: int) -> int:
        """A TAT kept in units of ``1/requests`` ns, in units of this limit (rounded up)."""
        return tat if requests == self.requests else -(-tat * self.requests // max(1, requests))
