"""Which training rows a behaviour rests on: influence functions on a softmax head over a model's last features.

P. W. Koh and P. Liang, "Understanding Black-box Predictions via Influence Functions", ICML 2017, on the last layer
alone, refitted to its optimum as C.-K. Yeh et al., "Representer Point Selection", NeurIPS 2018, do, because the formula
holds at an optimum only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from bartizan.robustness.errors import UnusableDataError, UnusableModelError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.losses import softmax

DECAY: Final = 1.0
"""Of the head's weights, per mean squared feature: what keeps rows that are fitted well from weighing nothing."""
LARGEST: Final = 100_000_000
"""Training rows times features: 0.8 GB, and as much again while the head is fitted."""
_NEWTON, _SMALL = 50, 1e-9


def never() -> None:
    """Nothing ends the computation."""


@dataclass(frozen=True, slots=True)
class Head:
    """The optimum of mean cross-entropy plus ``decay / 2`` times the squared weights; the bias is not held back."""

    weights: Floats
    """``(features + 1, classes)``; the last row is the bias."""
    rows: Floats
    """Training features, ``(n, features + 1)``; the last column is one."""
    y: Labels
    decay: float

    def logits(self, features: Floats) -> Floats:
        """``(n, features)`` to ``(n, classes)``."""
        return np.asarray(_with_one(features) @ self.weights)

    def support(
        self,
        behaviour: Floats,
        wanted: Labels,
        otherwise: Labels,
        without: Floats | None = None,
        in_time: Callable[[], None] = never,
    ) -> Floats:
        """By how much the mean margin of ``wanted`` over ``otherwise`` would fall without each training row, ``(n,)``.

        Args:
            behaviour: features of the inputs whose answers are to be explained, ``(m, features)``.
            wanted: the classes that they are sent to, ``(m,)``.
            otherwise: the classes that they would have, ``(m,)``.
            without: features of the same inputs without what turns them, such as a trigger: the difference between the
                two margins is explained then, and rows that speak for a class in general drop out.
            in_time: asked before each step; may raise.

        Returns:
            In logits, to first order; negative for rows that work against it. Of several rows together, their sum.
        """
        apart = np.zeros((len(wanted), self.weights.shape[1]))
        np.add.at(apart, (np.arange(len(wanted)), wanted), 1.0)
        np.add.at(apart, (np.arange(len(wanted)), otherwise), -1.0)
        inputs = _with_one(behaviour) if without is None else _with_one(behaviour) - _with_one(without)
        direction = inputs.T @ apart / len(wanted)
        chances = softmax(self.rows @ self.weights)
        turned = _solved(self.rows, chances, self.decay, direction, in_time)
        slopes = chances
        slopes[np.arange(len(self.y)), self.y] -= 1
        return np.asarray(-((self.rows @ turned) * slopes).sum(1) / len(self.y))


def fit_head(
    features: Floats, y: Labels, classes: int, decay: float | None = None, in_time: Callable[[], None] = never
) -> Head:
    """By Newton's method with conjugate gradients, from zero: the same rows give the same head.

    Args:
        features: ``(n, features)``.
        y: their labels.
        classes: how many there are.
        decay: of the weights; by default the mean squared feature.
        in_time: asked before each step; may raise.

    Raises:
        UnusableDataError: rows times features are more than can be held.
        UnusableModelError: a feature is NaN or infinite.
    """
    if features.size > LARGEST:
        raise UnusableDataError(f"{len(features):,} rows of {features[0].size:,} features are more than can be held")
    if not np.isfinite(features).all():
        raise UnusableModelError("the model's inner features are NaN or infinite")
    rows = _with_one(features)
    held = DECAY * float((rows[:, :-1] ** 2).mean()) if decay is None else decay
    held = max(held, 1e-12)
    weights = np.zeros((rows.shape[1], classes))
    loss, chances = _loss(rows, y, weights, held)
    for _ in range(_NEWTON):
        slopes = chances.copy()
        slopes[np.arange(len(y)), y] -= 1
        gradient = rows.T @ slopes / len(y) + _decayed(weights, held)
        if np.abs(gradient).max() < _SMALL:
            break
        step = _solved(rows, chances, held, gradient, in_time)
        share = 1.0
        while share > 1e-6:
            tried, there = _loss(rows, y, weights - share * step, held)
            if tried <= loss - 1e-4 * share * float((gradient * step).sum()):
                break
            share /= 2
        else:
            break
        weights, loss, chances = weights - share * step, tried, there
    return Head(weights, rows, y, held)


def head_of(model: ModelUnderTest, samples: Samples, in_time: Callable[[], None] = never) -> Head:
    """The head over a model's own features of its training rows.

    Raises:
        NotOfferedError: the model shows no inner features.
        UnusableDataError: see :func:`fit_head`, as UnusableModelError.
    """
    return fit_head(np.asarray(model.features(samples.x)), samples.y, model.classes, in_time=in_time)


def _with_one(features: Floats) -> Floats:
    flat = np.asarray(features, float).reshape(len(features), -1)
    return np.hstack([flat, np.ones((len(flat), 1))])


def _decayed(weights: Floats, decay: float) -> Floats:
    found = decay * weights
    found[-1] = 0
    return np.asarray(found)


def _loss(rows: Floats, y: Labels, weights: Floats, decay: float) -> tuple[float, Floats]:
    logits = rows @ weights
    top = logits.max(1)
    found = top + np.log(np.exp(logits - top[:, None]).sum(1)) - logits[np.arange(len(y)), y]
    return float(found.mean() + 0.5 * decay * (weights[:-1] ** 2).sum()), softmax(logits)


def _solved(rows: Floats, chances: Floats, decay: float, right: Floats, in_time: Callable[[], None]) -> Floats:
    """The inverse Hessian times ``right``, by conjugate gradients. All classes' biases may rise together without any
    change; ``right`` has no part in that direction, so neither has the answer."""
    found, left = np.zeros_like(right), right.copy()
    along, size = left.copy(), float((left**2).sum())
    start = size
    for _ in range(10 * right.size):
        if size <= 1e-20 * start or size == 0:
            break
        in_time()
        through = chances * (rows @ along)
        through -= chances * through.sum(1, keepdims=True)
        curved = rows.T @ through / len(rows) + _decayed(along, decay)
        bend = float((along * curved).sum())
        if not bend > 0:
            break  # no curvature is left that numbers can tell
        length = size / bend
        found += length * along
        left -= length * curved
        size, before = float((left**2).sum()), size
        along = left + size / before * along
    return found
