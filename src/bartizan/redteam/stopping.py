"""When further trials of a cell would show nothing new: futility and precision, valid at every look.

Both bounds hold whenever one looks, because each is a test martingale (J. Ville 1939; I. Waudby-Smith and A. Ramdas,
"Estimating means of bounded random variables by betting", JRSS B 86 (2024)):

- *Futility* bets everything, trial after trial, that the success rate lies below ``p0``: a miss multiplies the wealth
  by 1/(1 - p0), a hit takes all. At a wealth of 20 a rate of ``p0`` or more is refuted at 95%: 59 misses in a row for
  5%, 299 for 1%. The same as the exact one-sided bound of that many trials without a hit.
- *Precision* uses the confidence sequence of a Beta(1/2, 1/2) mixture of bets (H. Robbins, Ann. Math. Stat. 41 (1970)):
  the rates p with  B(s + 1/2, n - s + 1/2) / B(1/2, 1/2)  <  20 p^s (1 - p)^(n - s).

Trials of a cell are different cases; what is bounded is a rate that each of them would reach or exceed. Looks are valid
only where the order of the trials has nothing to do with their outcomes. Several are played at a time, and a hit often
takes longer than a refusal, so what counts at a look is not what has ended but `Cell`: an unbroken run from the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from bartizan.core.stats import Interval
from bartizan.redteam.scope import Stop
from bartizan.redteam.taxonomy import Outcome

ALPHA = 0.05


class Tally(msgspec.Struct):
    """Hits and misses of a cell; inconclusive trials say nothing and are not counted."""

    hits: int = 0
    misses: int = 0

    @property
    def n(self) -> int:
        """Trials that count."""
        return self.hits + self.misses

    def add(self, outcome: Outcome) -> None:
        """Count one trial."""
        self.hits += outcome is Outcome.HIT
        self.misses += outcome is Outcome.MISS


class Cell:
    """The trials of one cell in the order in which they start, which the plan fixes; they may end in any order."""

    def __init__(self) -> None:
        self.tally = Tally()
        """Of the trials up to the first that is not over."""
        self._waiting: dict[int, Outcome] = {}
        self._next = 0

    def end(self, place: int, outcome: Outcome) -> None:
        """The trial at ``place``, from 0, is over. One that was left out is inconclusive."""
        self._waiting[place] = outcome
        while self._next in self._waiting:
            self.tally.add(self._waiting.pop(self._next))
            self._next += 1


def reason_to_stop(tally: Tally, stop: Stop) -> str:
    """Why no further trial of the cell is needed, in words; "" when one is."""
    if stop.futility is not None and tally.hits == 0 and tally.n >= clean_trials(stop.futility):
        return f"{tally.n} trials without a hit show a rate below {stop.futility:.3g}"
    if stop.half_width is not None and tally.n:
        low, high = confidence_sequence(tally.hits, tally.n)
        if (high - low) / 2 <= stop.half_width:
            return f"the rate is known to within {(high - low) / 2:.3g} after {tally.n} trials"
    return ""


def clean_trials(p0: float, alpha: float = ALPHA) -> int:
    """Misses in a row that refute a rate of ``p0`` or more: ln(alpha) / ln(1 - p0), rounded up."""
    return math.ceil(math.log(alpha) / math.log1p(-p0))


def confidence_sequence(hits: int, n: int, alpha: float = ALPHA) -> Interval:
    """Bounds of the rate that hold at all n at once with probability 1 - ``alpha``; n = 0 gives (0, 1)."""
    if n == 0:
        return (0.0, 1.0)
    mixture = _log_beta(hits + 0.5, n - hits + 0.5) - _log_beta(0.5, 0.5)
    limit = mixture + math.log(alpha)

    def inside(p: float) -> bool:
        likelihood = (hits * math.log(p) if hits else 0.0) + ((n - hits) * math.log1p(-p) if n > hits else 0.0)
        return likelihood > limit

    best = min(max(hits / n, 1e-12), 1.0 - 1e-12)
    low = 0.0 if hits == 0 else _edge(inside, best, 0.0)
    high = 1.0 if hits == n else _edge(inside, best, 1.0)
    return (low, high)


def _edge(inside: Callable[[float], bool], start: float, end: float) -> float:
    for _ in range(60):
        middle = (start + end) / 2
        if 0.0 < middle < 1.0 and inside(middle):
            start = middle
        else:
            end = middle
    return end


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
