"""A likelihood ratio from few shadow models: each row's spread is drawn towards what the rows have in common.

After R. Brännvall, "Exponential-Family Membership Inference: From LiRA and RMIA to BaVarIA", arXiv 2603.11799 (2026):
normal-inverse-gamma priors and a Student predictive instead of a switch between one spread and many. The strength of
the prior is ours: variances by the moments of their logarithms (G. K. Smyth, Statistical Applications in Genetics and
Molecular Biology 3, 2004), centres by how much rows differ beyond the noise of a model.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats

_HEAVIEST = 100.0
"""Models that the prior of a centre may count for."""
_LARGEST = 1e6
"""Degrees of freedom of a prior that all rows obey exactly."""


class Prior(NamedTuple):
    """Of a row's variance: scaled inverse chi-squared."""

    variance: float
    degrees: float


def bavaria(target: Floats, shadows: Floats, keep: np.ndarray, heavy: bool = True) -> Floats:
    """Log-ratio of the predictive densities "in" and "out", ``(n,)``; arguments as :func:`lira.online`.

    With ``heavy`` the predictive is Student's (the paper's t), otherwise normal with the same spread (its n).

    Raises:
        UnusableDataError: a row is in all models or in none, or no row has two models on one side.
    """
    counts = keep.sum(axis=0), (~keep).sum(axis=0)
    if min(count.min() for count in counts) == 0:
        raise UnusableDataError("a row is in all of the shadow models or in none", "train more of them")
    prior = pooled(shadows, keep)
    mean_in, mean_out = _mean(shadows, keep), _mean(shadows, ~keep)
    noise_in, noise_out = (float((prior.variance / count).mean()) for count in counts)
    # Rows differ far more than models: "out" centres stay almost where they are, and "in" centres are drawn to the
    # row's own "out" centre plus the usual gap, as far as gaps do not differ beyond the noise.
    weight_out = _weight(prior.variance, float(mean_out.var()) - noise_out)
    weight_in = _weight(prior.variance, float((mean_in - mean_out).var()) - noise_in - noise_out)
    centre_in, centre_out = mean_out + float((mean_in - mean_out).mean()), np.full(len(target), mean_out.mean())
    inside = _predictive(target, shadows, keep, centre_in, weight_in, prior, heavy)
    return inside - _predictive(target, shadows, ~keep, centre_out, weight_out, prior, heavy)


def pooled(shadows: Floats, keep: np.ndarray) -> Prior:
    """The prior that rows' variances, "in" and "out" taken together, suggest."""
    from scipy.special import digamma, polygamma

    squares = np.zeros(shadows.shape[1])
    degrees = np.zeros(shadows.shape[1])
    for side in (keep, ~keep):
        squares += (((shadows - _mean(shadows, side)) ** 2) * side).sum(axis=0)
        degrees += np.maximum(side.sum(axis=0) - 1, 0)
    usable = (degrees > 0) & (squares > 0)
    if not usable.any():
        raise UnusableDataError("shadow models do not differ, or are too few to say how much", "train four or more")
    half = degrees[usable] / 2
    logs = np.log(squares[usable] / degrees[usable]) - digamma(half) + np.log(half)
    excess = float(logs.var() - polygamma(1, half).mean())
    if excess <= 0:
        return Prior(float(np.exp(logs.mean())), _LARGEST)
    prior = min(2 * _trigamma_inverse(excess), _LARGEST)
    return Prior(float(np.exp(logs.mean() + digamma(prior / 2) - np.log(prior / 2))), prior)


def _predictive(
    target: Floats, shadows: Floats, side: np.ndarray, centre: Floats, strength: float, prior: Prior, heavy: bool
) -> Floats:
    """Log-density after a conjugate update, a row each."""
    from scipy.stats import norm, t

    count = side.sum(axis=0)
    mean = _mean(shadows, side)
    weight = strength + count
    squares = (((shadows - mean) ** 2) * side).sum(axis=0)
    degrees = prior.degrees + count
    # The prior of the centre pulls it, but does not widen the spread: rows differ in difficulty, not in noise.
    middle = (strength * centre + count * mean) / weight
    scale = np.sqrt((prior.degrees * prior.variance + squares) / degrees * (weight + 1) / weight)
    found: Floats = t.logpdf(target, degrees, middle, scale) if heavy else norm.logpdf(target, middle, scale)
    return found


def _weight(within: float, between: float) -> float:
    """Of a centre's prior, in models: as the variances of a model and of rows have it."""
    return min(within / between, _HEAVIEST) if between > 0 else _HEAVIEST


def _mean(shadows: Floats, side: np.ndarray) -> Floats:
    found: Floats = (shadows * side).sum(axis=0) / side.sum(axis=0)
    return found


def _trigamma_inverse(value: float) -> float:
    """Newton's iteration of Smyth's appendix."""
    from scipy.special import polygamma

    y = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, y))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, y))
        y += step
        if -step / y < 1e-8:
            break
    return y
