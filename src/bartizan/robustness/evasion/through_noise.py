"""Gradients through randomised smoothing: of the mean answer under noise, not of one answer.

H. Salman et al., "Provably robust deep learning via adversarially trained smoothed classifiers", NeurIPS 2019 (the loss
of the mean of the softmax under noise); A. Athalye et al., ICML 2018 (expectation over transformation).
"""

from __future__ import annotations

import numpy as np

from bartizan.robustness.evasion.oracle import Oracle
from bartizan.robustness.interface import Floats, ModelUnderTest, Slope
from bartizan.robustness.losses import softmax

_TINY = 1e-12


def through_noise(model: ModelUnderTest, sigma: float, draws: int, rng: np.random.Generator) -> Oracle:
    """The oracle of a smoothed classifier, from the model that it asks.

    The same draws of noise serve one question's logits and its gradient; the next question gets new ones.

    Args:
        model: what is asked under noise; with gradients.
        sigma: standard deviation of the noise, in units of the input.
        draws: of noise for each row; ``2 * draws`` questions, half of them with gradients.
        rng: draws the noise.
    """

    def ask(x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        noise = [sigma * rng.standard_normal(x.shape).astype(x.dtype) for _ in range(draws)]
        shares = [softmax(np.asarray(model.logits(x + one), np.float64)) for one in noise]
        mean = np.mean(shares, axis=0)
        logs = np.log(np.maximum(mean, _TINY))
        weights = np.asarray(slope(logs), np.float64) / np.maximum(mean, _TINY) / draws
        gradient = np.zeros_like(x)
        for one, share in zip(noise, shares, strict=True):
            inner = share * (weights - (share * weights).sum(axis=1, keepdims=True))
            gradient += model.loss_grad(x + one, _Constant(inner))[1]
        return logs, gradient

    return ask


class _Constant:
    """A slope that is known already."""

    def __init__(self, slope: Floats) -> None:
        self._slope = slope

    def __call__(self, logits: Floats, /) -> Floats:
        return self._slope.astype(logits.dtype)
