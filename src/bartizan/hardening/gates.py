"""When a candidate is good enough. Bounds are those of 95% intervals, never the observed rates.

The Wilson interval's lower bound for n of n is ``n / (n + z²)`` with z = 1.96: 73 is the smallest n for which it
reaches 95%. The exact interval (Clopper-Pearson) would be content with 72; we take Wilson's for both gates.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from bartizan.core.stats import Interval, clopper_pearson, wilson

LEAST_STOPPED: Final = 0.95
"""The lower bound of the share of held-out live variants that are stopped."""
MOST_RISE: Final = 0.005
"""The upper bound of the share of harmless exchanges that only the candidate disturbs."""
LEAST_VARIANTS: Final = 73


class Decision(StrEnum):
    """What a trial says."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"
    """Too little could be measured. Never a pass."""


class Count(msgspec.Struct, frozen=True):
    """``successes`` of ``n`` with both 95% intervals."""

    successes: int
    n: int
    interval: Interval
    """Wilson."""
    exact: Interval
    """Clopper-Pearson."""


def count(successes: int, n: int) -> Count:
    """The count with its intervals. Raises ValueError unless 0 <= successes <= n."""
    return Count(successes, n, wilson(successes, n), clopper_pearson(successes, n))


class Disturbed(msgspec.Struct, frozen=True, kw_only=True):
    """The same harmless exchanges without and with a candidate."""

    before: int
    """Disturbed without it already. They can show nothing and are not counted."""
    newly: Count
    """Disturbed with it, of those that pass without. Those that it frees are no compensation."""
    groups: Count
    """The same over groups of rows that hang together: the wider, more honest reading."""
    examples: tuple[str, ...] = ()
    """Some that are newly disturbed."""


def decide(replayed: bool, stopped: Count, disturbed: Disturbed) -> tuple[Decision, str]:
    """The decision and its reason, in words.

    Args:
        replayed: the finding itself is stopped.
        stopped: held-out live variants that are stopped.
        disturbed: harmless exchanges held out.
    """
    if not replayed:
        return Decision.REJECTED, "the finding itself still passes"
    low = stopped.interval[0]
    if stopped.n < LEAST_VARIANTS:
        if stopped.n and stopped.successes < stopped.n and wilson(stopped.successes, stopped.n)[1] < LEAST_STOPPED:
            return Decision.REJECTED, f"stops {stopped.successes} of {stopped.n} held-out live variants"
        return Decision.INCONCLUSIVE, f"{stopped.n} held-out live variants could be made; {LEAST_VARIANTS} are needed"
    if low < LEAST_STOPPED:
        said = f"stops {stopped.successes} of {stopped.n} held-out live variants: at least {low:.1%}, 95% are needed"
        return Decision.REJECTED, said
    high = disturbed.newly.interval[1]
    if high > MOST_RISE:
        said = (
            f"{disturbed.newly.successes} of {disturbed.newly.n} harmless exchanges newly disturbed: up to {high:.2%}"
        )
        enough = wilson(0, disturbed.newly.n)[1] <= MOST_RISE
        return (Decision.REJECTED if enough else Decision.INCONCLUSIVE), f"{said}, 0.50% are allowed"
    said = f"stops {stopped.successes} of {stopped.n} (at least {low:.1%}), newly disturbs"
    return Decision.ACCEPTED, f"{said} {disturbed.newly.successes} of {disturbed.newly.n} (at most {high:.2%})"
