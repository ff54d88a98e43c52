"""Before and after on the same cases.

Sources: Q. McNemar, Psychometrika 12 (1947); M. W. Fagerland, S. Lydersen and P. Laake, BMC Medical Research
Methodology 13:91 (2013), which recommends the mid-p form; R. A. Fisher, "The Design of Experiments" (1935), section 21;
A. Agresti and Y. Min, Statistics in Medicine 24 (2005), for the interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from bartizan.core.stats.beta import regularised_beta
from bartizan.core.stats.proportion import Interval, normal_quantile


class McNemar(msgspec.Struct, frozen=True):
    """Two-sided p-values of the hypothesis that a case changes as often one way as the other."""

    exact: float
    """Exact binomial; conservative."""
    mid_p: float
    """Counts half of the observed outcome; close to the nominal level."""


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """Test the discordant pairs.

    Args:
        only_first: cases that succeeded under the first condition only.
        only_second: cases that succeeded under the second condition only.

    Raises:
        ValueError: a count is negative.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts are not negative, got {only_first} and {only_second}")
    n, k = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return McNemar(1.0, 1.0)
    tail = 1.0 if k == n else regularised_beta(0.5, n - k, k + 1)
    point = math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2.0))
    return McNemar(min(1.0, 2.0 * tail), min(1.0, 2.0 * tail - point))


def paired_difference(only_first: int, only_second: int, n: int, level: float = 0.95) -> Interval:
    """The interval of ``(only_first - only_second) / n``: the first rate minus the second, on the same cases.

    Wald's with half a case added to each of the four cells (Agresti and Min), so that no change in few cases is not
    taken for certainty.

    Args:
        only_first: cases that succeeded under the first condition only.
        only_second: cases that succeeded under the second condition only.
        n: all cases.
        level: of confidence.

    Raises:
        ValueError: counts are negative or exceed ``n``, or ``level`` is not inside (0, 1).
    """
    if min(only_first, only_second) < 0 or only_first + only_second > n:
        raise ValueError(f"changes one way and the other are cases of n, got {only_first} and {only_second} of {n}")
    first, second, all_cases = only_first + 0.5, only_second + 0.5, n + 2
    apart = first - second
    half = normal_quantile(level) * math.sqrt(first + second - apart * apart / all_cases) / all_cases
    return (max(-1.0, apart / all_cases - half), min(1.0, apart / all_cases + half))


def sign_flip(changes: Sequence[int]) -> McNemar:
    """Test the changes of independent clusters, each of one or more pairs: McNemar's test where each is -1, 0 or 1.

    Pairs of one cluster hang together, so a cluster's sum of changes is one observation: if nothing changed, it is as
    likely to have the other sign. All signs are counted, none drawn.

    Args:
        changes: of each cluster, pairs that succeeded under the second condition only minus those under the first only.
    """
    total, observed = sum(map(abs, changes)), abs(sum(changes))
    if total == 0:
        return McNemar(1.0, 1.0)
    width = len(changes) // 8 + 1
    """Bytes of one coefficient: none exceeds two to the number of clusters."""
    ways = 1
    """Coefficient k: choices of signs whose positive part is k."""
    for change in changes:
        ways += ways << (8 * width * abs(change))
    digits = ways.to_bytes(width * (total + 1) + 1, "little")
    beyond = point = 0
    for positive in range(total + 1):
        sum_ = abs(2 * positive - total)
        if sum_ >= observed:
            count = int.from_bytes(digits[positive * width : (positive + 1) * width], "little")
            beyond += count
            point += count if sum_ == observed else 0
    whole = 1 << len(changes)
    return McNemar(beyond / whole, (2 * beyond - point) / (2 * whole))
