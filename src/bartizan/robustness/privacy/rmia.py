"""The relative membership attack: does the target prefer a row to rows of the population, more than other models do?

S. Zarifzadeh, P. Liu, R. Shokri, "Low-Cost High-Power Membership Inference Attacks", ICML 2024. Scores are those of
the authors' library (privacytrustlab/ml_privacy_meter), which keeps only as many reference signals as half of the
models: of a row those of models that never saw it, of population rows the largest.
"""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats

_FLOOR = 1e-300


def rmia(
    target: Floats, shadows: Floats, keep: np.ndarray, z_target: Floats, z_shadows: Floats, a: float = 0.3
) -> Floats:
    """The share of population rows that each row beats, ``(n,)``.

    Args:
        target: the true class's probability under the model under test, ``(n,)``.
        shadows: under the shadow models, ``(models, n)``.
        keep: which rows each of them was trained on, same shape.
        z_target: of rows that no model was trained on, ``(z,)``.
        z_shadows: the same under the shadow models, ``(models, z)``.
        a: how much models that saw a row resemble those that did not; 1 is "entirely".
    """
    count = max(len(shadows) // 2, 1)
    ratio = target / np.maximum(_reference(shadows, keep, count, a), _FLOOR)
    z_ratio = z_target / np.maximum(_reference(z_shadows, np.zeros_like(z_shadows, bool), count, a), _FLOOR)
    # The published code counts pairs with ratio / z_ratio > 1: the number of population rows strictly below.
    return np.searchsorted(np.sort(z_ratio), ratio, side="left") / len(z_ratio)


def _reference(shadows: Floats, keep: np.ndarray, count: int, a: float) -> Floats:
    """The probability of each row over models in general, approximated from those that never saw it."""
    out = np.where(keep, 0.0, shadows)
    if count > 1:
        out = -np.sort(-out, axis=0)[:count]
    else:
        # One pair of models: what the "in" model says is scaled back to what an "out" model would have said.
        slope = a or 0.3
        out = out + np.where(keep, (shadows + slope - 1) / slope, 0.0)
    mean: Floats = out.mean(axis=0)
    return (1 + a) / 2 * mean + (1 - a) / 2
