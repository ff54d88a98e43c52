"""What a worker holds of the keeper's rates: slices that spare it a round trip, and refusals that still hold."""

from __future__ import annotations

from typing import NamedTuple

from bartizan.core.limits import RateLimit
from bartizan.keeper.interface import Grant
from bartizan.keeper.rates import LEASE_SECONDS


class _Slice:
    __slots__ = ("count", "expires", "rate")

    def __init__(self, rate: RateLimit, count: int, expires: float) -> None:
        self.rate = rate
        self.count = count
        self.expires = expires


class Unused(NamedTuple):
    """An expired slice, to be given back."""

    principal: str
    rate: RateLimit
    units: int


class LeaseTable:
    """Slices by principal. A request taken from the bucket is used within LEASE_SECONDS or given back, so that over any
    span of t seconds all workers together admit at most ``burst + rate x (t + LEASE_SECONDS)`` requests.

    Moments are seconds of any monotonic clock.
    """

    def __init__(self) -> None:
        self._slices: dict[str, _Slice] = {}
        self._denied: dict[str, tuple[RateLimit, float, float]] = {}
        self._unused: list[Unused] = []

    def take(self, principal: str, rate: RateLimit, now: float) -> bool:
        """True if one request could be taken from a slice."""
        held = self._slices.get(principal)
        if held is None or held.count == 0 or now >= held.expires or held.rate != rate:
            return False
        held.count -= 1
        return True

    def put(self, principal: str, rate: RateLimit, count: int, now: float) -> None:
        """Keep a fresh slice; what is left of an older one expires no later than it would have."""
        held = self._slices.get(principal)
        if held is not None and held.count:
            self._unused.append(Unused(principal, held.rate, held.count))
        self._slices[principal] = _Slice(rate, count, now + LEASE_SECONDS)

    def deny(self, principal: str, rate: RateLimit, wait: float, now: float) -> None:
        """Remember that the bucket is empty, for at most LEASE_SECONDS: other workers may give something back."""
        self._denied[principal] = (rate, now + min(wait, LEASE_SECONDS), now + wait)

    def denied(self, principal: str, rate: RateLimit, now: float) -> Grant | None:
        """A refusal that is still known to hold."""
        known = self._denied.get(principal)
        if known is None or known[0] != rate or now >= known[1]:
            return None
        return Grant(allowed=False, reason="rate", retry_after=known[2] - now)

    def sweep(self, now: float) -> list[Unused]:
        """Expired slices with something left, each reported once."""
        unused, self._unused = self._unused, []
        for principal in [name for name, held in self._slices.items() if now >= held.expires]:
            held = self._slices.pop(principal)
            if held.count:
                unused.append(Unused(principal, held.rate, held.count))
        for principal in [name for name, known in self._denied.items() if now >= known[1]]:
            del self._denied[principal]
        return unused

    def clear(self) -> None:
        """Forget everything: the keeper that gave it is gone."""
        self._slices.clear()
        self._denied.clear()
        self._unused.clear()
