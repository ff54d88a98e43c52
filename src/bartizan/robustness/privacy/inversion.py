"""Model inversion: a picture of each class, drawn from the model alone.

M. Fredrikson, S. Jha, T. Ristenpart, "Model Inversion Attacks that Exploit Confidence Information", ACM CCS 2015
(MI-Face): climb from an average row to what the model likes most. With gradients, or with scores alone by differences
in random directions (natural evolution strategies, A. Ilyas et al., ICML 2018).
"""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest

_BETA = 0.9, 0.999


class _Adam:
    """Steps of D. P. Kingma and J. Ba, ICLR 2015, upwards."""

    def __init__(self, rate: float) -> None:
        self._rate, self._at = rate, 0
        self._mean: Floats | float = 0.0
        self._square: Floats | float = 0.0

    def step(self, gradient: Floats) -> Floats:
        self._at += 1
        self._mean = _BETA[0] * self._mean + (1 - _BETA[0]) * gradient
        self._square = _BETA[1] * self._square + (1 - _BETA[1]) * gradient**2
        mean, square = self._mean / (1 - _BETA[0] ** self._at), self._square / (1 - _BETA[1] ** self._at)
        found: Floats = self._rate * mean / (np.sqrt(square) + 1e-12)
        return found


def by_gradient(model: ModelUnderTest, start: Floats, classes: Labels, steps: int, rate: float = 0.02) -> Floats:
    """Climbs the class's logit, ``(len(classes), *shape)``.

    Args:
        model: gives gradients.
        start: one row, ``shape``; an average, which anybody may know.
        classes: one picture each.
        steps: gradients a picture.
        rate: of a step, in units of the legal range (of one where it has no end).
    """
    low, high, scale = _range(model)
    x = np.repeat(start[None].astype(np.float64), len(classes), axis=0)
    climb = _Adam(rate * scale)
    one_hot = np.eye(model.classes)[classes]
    for _ in range(steps):
        _, gradient = model.loss_grad(x, lambda logits: one_hot.astype(logits.dtype))
        x = np.clip(x + climb.step(gradient.astype(np.float64)), low, high)
    return x


def by_scores(
    model: ModelUnderTest, start: Floats, classes: Labels, queries: int, seed: int, rate: float = 0.02
) -> Floats:
    """The same from scores alone, ``queries`` a picture; each gradient costs a twentieth of them.

    Pictures are drawn on a coarse grid first and refined, so that few directions say much.
    """
    low, high, scale = _range(model)
    rng = np.random.default_rng([seed, 0x1472])
    x = np.repeat(start[None].astype(np.float64), len(classes), axis=0)
    climb = _Adam(rate * scale)
    pairs = max(4, queries // 40)
    rounds = max(1, queries // (2 * pairs))
    width = 0.05 * scale
    rows = np.repeat(np.arange(len(classes)), pairs)
    for at in range(rounds):
        grid = 4 if at < rounds // 2 else 2 if at < 4 * rounds // 5 else 1
        directions = _coarse(rng, (len(rows), *model.shape), grid)
        up, down = (
            model.logits(np.clip(x[rows] + sign * width * directions, low, high))[np.arange(len(rows)), classes[rows]]
            for sign in (1, -1)
        )
        weights = ((up - down) / (2 * width)).reshape(len(classes), pairs, *([1] * len(model.shape)))
        gradient = (weights * directions.reshape(len(classes), pairs, *model.shape)).mean(axis=1)
        x = np.clip(x + climb.step(gradient), low, high)
    return x


def _coarse(rng: np.random.Generator, shape: tuple[int, ...], grid: int) -> Floats:
    """Normal directions; of pictures, constant on squares of ``grid`` pixels."""
    if len(shape) != 4 or grid == 1:
        return rng.normal(size=shape)
    n, channels, height, width = shape
    small = rng.normal(size=(n, channels, -(-height // grid), -(-width // grid)))
    return small.repeat(grid, axis=2).repeat(grid, axis=3)[:, :, :height, :width]


def _range(model: ModelUnderTest) -> tuple[Floats, Floats, float]:
    low, high = model.bounds
    span = np.asarray(high - low)
    return low, high, float(span.max()) if np.isfinite(span).all() else 1.0
