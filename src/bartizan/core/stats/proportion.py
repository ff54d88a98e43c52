"""Intervals for a proportion and for the difference of two.

Sources: E. B. Wilson, JASA 22 (1927); C. J. Clopper and E. S. Pearson, Biometrika 26 (1934); R. G. Newcombe,
Statistics in Medicine 17 (1998), p. 873 (method 10 of the comparison of eleven).
"""

from __future__ import annotations

import math
from statistics import NormalDist

from bartizan.core.stats.beta import beta_quantile

Interval = tuple[float, float]
"""Lower and upper bound."""


def wilson(successes: float, n: float, level: float = 0.95) -> Interval:
    """The Wilson score interval of ``successes / n``; ``n = 0`` gives (0, 1).

    Raises:
        ValueError: not 0 <= successes <= n, or ``level`` is not inside (0, 1).
    """
    check_counts(successes, n)
    z = normal_quantile(level)
    if n == 0:
        return (0.0, 1.0)
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return (low, high)


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> Interval:
    """The exact interval of ``successes / n``: never covers less than ``level``; ``n = 0`` gives (0, 1).

    Raises:
        ValueError: not 0 <= successes <= n, or ``level`` is not inside (0, 1).
    """
    check_counts(successes, n)
    check_level(level)
    tail = (1.0 - level) / 2.0
    low = 0.0 if successes == 0 else beta_quantile(tail, successes, n - successes + 1)
    high = 1.0 if successes == n else beta_quantile(1.0 - tail, successes + 1, n - successes)
    return (low, high)


def newcombe(successes_a: float, n_a: float, successes_b: float, n_b: float, level: float = 0.95) -> Interval:
    """The interval of the difference ``a - b`` of two independent proportions, from their Wilson intervals.

    For clustered observations give rate times effective n, and the effective n, which need not be whole.

    Raises:
        ValueError: counts or ``level`` out of range, or a sample is empty.
    """
    if n_a == 0 or n_b == 0:
        raise ValueError("the difference of two proportions needs two samples that are not empty")
    low_a, high_a = wilson(successes_a, n_a, level)
    low_b, high_b = wilson(successes_b, n_b, level)
    a, b = successes_a / n_a, successes_b / n_b
    return (
        a - b - math.hypot(a - low_a, high_b - b),
        a - b + math.hypot(high_a - a, b - low_b),
    )


def check_counts(successes: float, n: float) -> None:
    """Raises ValueError unless 0 <= successes <= n."""
    if not 0 <= successes <= n:
        raise ValueError(f"a rate needs 0 <= successes <= n, got {successes} of {n}")


def check_level(level: float) -> None:
    """Raises ValueError unless ``level`` lies inside (0, 1)."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"a confidence level lies inside (0, 1), got {level}")


def normal_quantile(level: float) -> float:
    """How many standard deviations a two-sided interval reaches; ValueError unless ``level`` lies inside (0, 1)."""
    check_level(level)
    return NormalDist().inv_cdf(0.5 + level / 2.0)
