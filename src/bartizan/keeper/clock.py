"""The two clocks of the keeper: one that never jumps for rates, one that knows the calendar for budgets."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Handed in, so that tests can turn it."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since any fixed moment; never goes back."""
        ...

    def unix(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The machine's clocks."""

    def monotonic_ns(self) -> int:
        """CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def unix(self) -> float:
        """CLOCK_REALTIME."""
        return time.time()
