"""A percentile bootstrap that resamples clusters, for observations that hang together.

Variants of one attack, or answers to one document, are not independent: resampling single observations would give an
interval that is too narrow. Source: A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application" (1997),
section 3.8.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from bartizan.core.stats.proportion import Interval, check_level


def clustered_bootstrap(
    clusters: Sequence[Sequence[float]], *, seed: int, resamples: int = 2_000, level: float = 0.95
) -> Interval:
    """The percentile interval of the mean of all observations.

    Args:
        clusters: the observations of each cluster; clusters may differ in size, empty ones are left out.
        seed: the same seed gives the same interval.
        resamples: how often as many clusters are drawn with replacement.
        level: of confidence, inside (0, 1).

    Raises:
        ValueError: fewer than two clusters that are not empty, a value that is not finite, or no resamples.
    """
    check_level(level)
    sums = [(math.fsum(cluster), len(cluster)) for cluster in clusters if cluster]
    if len(sums) < 2 or resamples < 1:
        raise ValueError("a clustered bootstrap needs at least two clusters with observations and one resample")
    if not all(math.isfinite(total) for total, _ in sums):
        raise ValueError("observations must be finite")
    chance = random.Random(seed)  # noqa: S311 - statistics, not secrecy
    means = []
    for _ in range(resamples):
        drawn = chance.choices(sums, k=len(sums))
        means.append(math.fsum(total for total, _ in drawn) / sum(size for _, size in drawn))
    means.sort()
    tail = (1.0 - level) / 2.0
    return (_quantile(means, tail), _quantile(means, 1.0 - tail))


def _quantile(ordered: Sequence[float], p: float) -> float:
    """Linear interpolation between order statistics (Hyndman and Fan 1996, type 7)."""
    position = p * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
