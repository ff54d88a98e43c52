"""The regularised incomplete beta function and its inverse.

Source: W. H. Press et al., "Numerical Recipes", section 6.4 (continued fraction), evaluated with the modified Lentz
method (W. J. Lentz 1976; I. J. Thompson and A. R. Barnett 1986).
"""

from __future__ import annotations

import math

_TINY = 1e-300
_EPSILON = 1e-16
_TERMS = 100_000


def regularised_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b) for x in [0, 1] and a, b > 0: the distribution function of Beta(a, b).

    Raises:
        ValueError: an argument is outside its range.
    """
    if not 0.0 <= x <= 1.0 or not a > 0.0 or not b > 0.0:
        raise ValueError(f"I_x(a, b) needs 0 <= x <= 1 and a, b > 0, got x={x}, a={a}, b={b}")
    if x in (0.0, 1.0):
        return x
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x),
    )
    if x < (a + 1.0) / (a + b + 2.0):
        return min(1.0, front * _continued_fraction(x, a, b) / a)
    return max(0.0, 1.0 - front * _continued_fraction(1.0 - x, b, a) / b)


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Converges in O(sqrt(max(a, b))) terms for x below the mean of Beta(a, b)."""
    c, d = 1.0, 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / _nonzero(1.0 + even * d)
        c = _nonzero(1.0 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / _nonzero(1.0 + odd * d)
        c = _nonzero(1.0 + odd / c)
        step = d * c
        value *= step
        if abs(step - 1.0) < _EPSILON * 4:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = p, by bisection down to adjacent floats: the function may be steep just below 1.

    Raises:
        ValueError: ``p`` is outside [0, 1], or ``a`` or ``b`` is not positive.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"a probability lies in [0, 1], got {p}")
    low, high = 0.0, 1.0
    if p in (0.0, 1.0):
        return p
    while (middle := (low + high) / 2.0) not in (low, high):
        if regularised_beta(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return middle
