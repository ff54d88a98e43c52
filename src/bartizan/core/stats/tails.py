"""Upper tails of Student's t, chi-square, and the (beta-)binomial, Poisson and hypergeometric distributions.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1, 26.5.24, 26.4.21 and 26.1.21.

Sums run from the count away from the mean, where terms shrink: below the mean that is the complement. A first term that
is too small for a float would end the sum before it began.
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
    if count <= mean:
        term = math.exp((count - 1) * math.log(mean) - mean - math.lgamma(count))
        below = 0.0
        for index in range(count - 1, -1, -1):
            below += term
            term *= index / mean
            if term <= below * 1e-17:
                break
        return max(0.0, 1 - below)
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
    if count * population <= drawn * marked:
        return max(0.0, 1 - hypergeometric_tail(drawn - count + 1, drawn, rest, population))
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


def beta_binomial_tail(count: int, n: int, a: float, b: float) -> float:
    """Probability of ``count`` or more successes in ``n`` trials whose common probability follows Beta(a, b).

    With a = m + 1 - k and b = k it is the exact law of how many of ``n`` new values exceed the k-th smallest of ``m``
    earlier ones, when all are exchangeable (S. S. Wilks, 1942).

    Raises:
        ValueError: ``n`` is negative, or ``a`` or ``b`` is not positive.
    """
    if n < 0 or a <= 0 or b <= 0:
        raise ValueError(f"no beta-binomial distribution has n={n}, a={a}, b={b}")
    if count <= 0:
        return 1.0
    if count > n:
        return 0.0
    if count * (a + b) <= n * a:
        return max(0.0, 1 - beta_binomial_tail(n - count + 1, n, b, a))
    term = math.exp(_log_choose(n, count) + _log_beta(count + a, n - count + b) - _log_beta(a, b))
    total = 0.0
    for index in range(count, n + 1):
        total += term
        if index == n or term < total * 1e-17:
            break
        term *= (n - index) / (index + 1) * (index + a) / (n - index - 1 + b)
    return min(1.0, total)


def chi_square_tail(x: float, degrees: int) -> float:
    """Probability of more than ``x`` under the chi-square distribution: the regularised incomplete gamma function.

    By its series below a + 1, by its continued fraction above (W. H. Press et al., Numerical Recipes, section 6.2).

    Raises:
        ValueError: ``degrees`` is below 1 or ``x`` is negative.
    """
    if degrees < 1 or x < 0:
        raise ValueError(f"no chi-square distribution has {degrees} degrees of freedom and reaches {x}")
    a, z = degrees / 2, x / 2
    if z == 0:
        return 1.0
    front = math.exp(a * math.log(z) - z - math.lgamma(a))
    if z < a + 1:
        term = total = 1 / a
        index = a
        while term > total * 1e-16:
            index += 1
            term *= z / index
            total += term
        return max(0.0, 1 - front * total)
    d = 1 / (z + 1 - a)
    c, value = 1e300, d
    for index in range(1, 100_000):
        step = -index * (index - a)
        base = z + 2 * index + 1 - a
        d = 1 / (step * d + base)
        c = base + step / c
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return min(1.0, front * value)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
