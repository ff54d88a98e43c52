"""A rate that cannot be printed without its n and its interval."""

from __future__ import annotations

import msgspec

from bartizan.core.stats.proportion import Interval, check_counts, wilson


class Rate(msgspec.Struct, frozen=True):
    """``successes`` of ``n``. Raises ValueError unless 0 <= successes <= n."""

    successes: int
    n: int

    def __post_init__(self) -> None:
        check_counts(self.successes, self.n)

    @property
    def value(self) -> float:
        """In [0, 1]; raises ValueError for n = 0, because nothing was measured."""
        if self.n == 0:
            raise ValueError("0 of 0 is no rate: nothing was measured")
        return self.successes / self.n

    @property
    def interval(self) -> Interval:
        """The 95% Wilson interval; (0, 1) for n = 0."""
        return wilson(self.successes, self.n)

    def __str__(self) -> str:
        """``7/40 = 17.5% (95% CI 8.7-31.9)``; 0 of n is never "0%" alone; 0 of 0 says that nothing was measured."""
        if self.n == 0:
            return "0/0: not measured"
        low, high = self.interval
        if self.successes == 0:
            return f"0/{self.n}: none seen, up to {high:.1%} not ruled out (95% CI)"
        return f"{self.successes}/{self.n} = {self.value:.1%} (95% CI {100 * low:.1f}-{100 * high:.1f})"
