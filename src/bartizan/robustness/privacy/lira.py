"""The likelihood ratio attack: is the target's confidence in a row like that of models that saw the row?

N. Carlini, S. Chien, M. Nasr, S. Song, A. Terzis, F. Tramèr, "Membership Inference Attacks From First Principles",
IEEE S&P 2022. Scores are those of the authors' published evaluation (tensorflow/privacy, research/mi_lira_2021), which
departs from the paper in three places: centres are medians; with one spread for all rows that of the non-members is
taken from the "in" data; and the offline score is two-sided.
"""

from __future__ import annotations

import math

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats

_TINY = 1e-30
"""Added to spreads, as in the published evaluation."""
FEW = 64
"""Shadow models below which each row's own spread is worse than one for all (the paper's section VI-C)."""


def online(target: Floats, shadows: Floats, keep: np.ndarray, fixed: bool) -> Floats:
    """Log-likelihood ratio of "in" against "out", ``(n,)``.

    Args:
        target: scaled logits of the model under test, ``(n,)``.
        shadows: of the shadow models, ``(models, n)``.
        keep: which rows each of them was trained on, same shape.
        fixed: one spread for all rows.
    """
    inside, outside = _sides(shadows, keep)
    if fixed:
        spread_in = spread_out = inside.std()
    else:
        spread_in, spread_out = inside.std(axis=1), outside.std(axis=1)
    return _log_normal(target, np.median(inside, axis=1), spread_in) - _log_normal(
        target, np.median(outside, axis=1), spread_out
    )


def offline(target: Floats, shadows: Floats, keep: np.ndarray, fixed: bool) -> Floats:
    """Minus the log-likelihood under models that never saw the row, ``(n,)``; "in" models are not looked at."""
    _, outside = _sides(shadows, keep, needs_inside=False)
    spread = outside.std() if fixed else outside.std(axis=1)
    return -_log_normal(target, np.median(outside, axis=1), spread)


def one_sided(target: Floats, shadows: Floats, keep: np.ndarray, fixed: bool) -> Floats:
    """The offline score as the paper has it: how far above the "out" models the target is, in their spreads."""
    _, outside = _sides(shadows, keep, needs_inside=False)
    spread = outside.std() if fixed else outside.std(axis=1)
    return (target - np.median(outside, axis=1)) / (spread + _TINY)


def _sides(shadows: Floats, keep: np.ndarray, needs_inside: bool = True) -> tuple[Floats, Floats]:
    """``(n, models in)`` and ``(n, models out)``; as many of each for every row as the poorest row has."""
    sides = []
    for mask, needed in ((keep, needs_inside), (~keep, True)):
        count = int(mask.sum(axis=0).min())
        if count == 0 and needed:
            raise UnusableDataError("a row is in all of the shadow models or in none", "train more of them")
        # A stable sort on the mask keeps the order of the models.
        first = np.argsort(~mask, axis=0, kind="stable")[:count]
        sides.append(np.take_along_axis(shadows, first, axis=0).T.astype(np.float64))
    return sides[0], sides[1]


def _log_normal(x: Floats, mean: Floats, spread: Floats) -> Floats:
    spread = spread + _TINY
    return -(((x - mean) / spread) ** 2) / 2 - np.log(spread) - 0.5 * math.log(2 * math.pi)
