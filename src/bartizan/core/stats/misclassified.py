"""A rate that was counted by something that errs, corrected by what is known of its errors."""

from __future__ import annotations

import math

import msgspec

from bartizan.core.stats.proportion import Interval
from bartizan.core.stats.rate import Rate

_Z = 1.959963984540054


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """What is left after the correction."""

    value: float
    """In [0, 1]: Rogan and Gladen (1978), cut to it."""
    interval: Interval
    """95%: Lang and Reiczigel (2014), which counts the uncertainty of both error rates."""


def corrected(seen: Rate, sensitivity: Rate, specificity: Rate) -> Corrected | None:
    """The true rate behind ``seen``.

    Args:
        seen: how often the judge said yes.
        sensitivity: how often it says yes where yes is right, on rows of their own.
        specificity: how often it says no where no is right, on rows of their own.

    Returns:
        None if one of them was not measured, or if the judge may be no better than chance: the lower 95% bounds of
        sensitivity and specificity add up to 1 or less.
    """
    if not (seen.n and sensitivity.n and specificity.n) or sensitivity.interval[0] + specificity.interval[0] <= 1:
        return None
    raw = (seen.value + specificity.value - 1) / (sensitivity.value + specificity.value - 1)
    square = _Z * _Z
    n = seen.n + square
    p = (seen.successes + square / 2) / n
    n_se, n_sp = sensitivity.n + 2, specificity.n + 2
    se, sp = (sensitivity.successes + 1) / n_se, (specificity.successes + 1) / n_sp
    power = se + sp - 1
    true = (p + sp - 1) / power
    lost, gained = se * (1 - se) / n_se, sp * (1 - sp) / n_sp
    centre = true + 2 * square * (true * lost - (1 - true) * gained)
    width = _Z * math.sqrt(p * (1 - p) / n + true**2 * lost + (1 - true) ** 2 * gained) / power
    value = _cut(raw)
    return Corrected(value=value, interval=(min(_cut(centre - width), value), max(_cut(centre + width), value)))


def _cut(share: float) -> float:
    return min(max(share, 0.0), 1.0)
