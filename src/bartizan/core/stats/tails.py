"""Upper tails: Student's t and the binomial by the incomplete beta function, Poisson and hypergeometric by their sums.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1, 26.5.24, 26.4.21 and 26.1.21.
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


def binomial_tail(count: int, n: int, p: float) -> float:
    """Probability of ``count`` or more successes in ``n`` trials of probability ``p``.

    Raises:
        ValueError: ``n`` is negative or ``p`` lies outside [0, 1].
    """
    if n < 0 or not 0.0 <= p <= 1.0:
        raise ValueError(f"no binomial distribution has n={n} and p={p}")
    if count <= 0:
        return 1.0
    if count > n:
        return 0.0
    return regularised_beta(p, count, n - count + 1)


def hypergeometric_tail(count: int, drawn: int, marked: int, population: int) -> float:
    """Probability of ``count`` or more marked ones among ``drawn`` of a population: Fisher's one-sided exact test.

    Raises:
        ValueError: more are drawn or marked than there are.
    """
    if not 0 <= drawn <= population or not 0 <= marked <= population:
        raise ValueError(f"cannot draw {drawn} and mark {marked} of {population}")
    last = min(drawn, marked)
    if count <= max(0, drawn + marked - population):
        return 1.0
    if count > last:
        return 0.0
    rest = population - marked
    term = math.exp(_log_choose(marked, count) + _log_choose(rest, drawn - count) - _log_choose(population, drawn))
    total = 0.0
    for index in range(count, last + 1):
        total += term
        term *= (marked - index) * (drawn - index) / ((index + 1) * (rest - drawn + index + 1))
        if term < total * 1e-17:
            break
    return min(1.0, total)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
