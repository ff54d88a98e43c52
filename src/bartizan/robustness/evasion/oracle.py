"""Where an attack gets its gradients from: the model itself, past what hides them, or estimated from scores."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from bartizan.robustness.interface import Floats, ModelUnderTest, Slope


class Oracle(Protocol):
    """What :meth:`~bartizan.robustness.interface.ModelUnderTest.loss_grad` answers, exact or estimated."""

    def __call__(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """Logits ``(n, classes)`` and gradient, shaped like ``x``."""
        ...


def averaged(oracle: Oracle, times: int) -> Oracle:
    """Mean logits and gradients of several answers, for models that answer by chance (Athalye et al., "Obfuscated
    gradients give a false sense of security", ICML 2018: expectation over transformation)."""

    def ask(x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        found = [oracle(x, slope) for _ in range(times)]
        return np.mean([one for one, _ in found], axis=0), np.mean([one for _, one in found], axis=0)

    return ask


def estimated(model: ModelUnderTest, rng: np.random.Generator, pairs: int, width: float) -> Oracle:
    """Natural evolution strategies with antithetic pairs: Ilyas et al., "Black-box adversarial attacks with limited
    queries and information", ICML 2018. Sees through steps of the input that are narrower than ``width``.

    Args:
        model: asked ``2 * pairs + 1`` times a row.
        rng: draws directions.
        pairs: of opposite directions.
        width: standard deviation of the probes, in units of the input.
    """

    def ask(x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        logits = model.logits(x)
        weights, low, high = slope(logits), *model.bounds
        gradient = np.zeros_like(x)
        for _ in range(pairs):
            way = rng.standard_normal(x.shape).astype(x.dtype)
            up, down = (model.logits(np.clip(x + sign * width * way, low, high).astype(x.dtype)) for sign in (1, -1))
            rise = ((up - down) * weights).sum(axis=1)
            gradient += way * rise.reshape(-1, *[1] * (x.ndim - 1)).astype(x.dtype)
        return logits, gradient / (2 * pairs * width)

    return ask
