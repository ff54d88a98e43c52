"""Upper tails: Student's t by the incomplete beta function, Poisson by its sum.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1 and 26.4.21.
"""

from __future__ import annotations

import math

from bartizan.core.stats.beta import regularised_beta


def student_tail(t: float, degrees: int) -> float:
    """Probability of more than ``t`` under Student's distribution.

    Raises:
        ValueError: ``degrees`` is below 1.
    """
    if degrees < 1:
        raise ValueError("Student's distribution has at least one degree of freedom")
    half = 0.5 * regularised_beta(degrees / (degrees + t * t), degrees / 2, 0.5)
    return half if t >= 0 else 1 - half


def poisson_tail(count: int, mean: float) -> float:
    """Probability of ``count`` or more where ``mean`` are expected.

    Raises:
        ValueError: ``mean`` is negative.
    """
    if mean < 0:
        raise ValueError("a mean count is not negative")
    if count <= 0:
        return 1.0
    if mean == 0:
        return 0.0
    # From the count upwards, so that a small tail keeps its digits.
    term = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    total, index = 0.0, count
    while term > total * 1e-17:
        total += term
        index += 1
        term *= mean / index
    return min(1.0, total)
