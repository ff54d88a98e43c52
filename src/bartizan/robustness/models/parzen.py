"""A classifier that remembers every row: the model known to be weak, for positive controls. Needs no training.

Sum of Gaussian bumps on the training rows of each class: E. Parzen, Annals of Mathematical Statistics 33 (1962); as a
classifier D. F. Specht, "Probabilistic Neural Networks", Neural Networks 3 (1990). With bumps narrower than the gaps
between rows, a row that it was trained on stands out, and its gradient leads to a training row.
"""

from __future__ import annotations

import numpy as np

from bartizan.robustness.data import digest
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest, Slope
from bartizan.robustness.losses import softmax
from bartizan.robustness.models.base import BaseModel

_NARROW = 0.5
"""Width of a bump in median distances to the nearest other row."""
_FLOOR = -1e4
"""Logit of a class without a single row, relative to the best."""
_MEASURED = 500


class ParzenModel(BaseModel):
    """Rows ``x``, labels ``y`` and the width of a bump."""

    access = Access.GRADIENTS

    def __init__(self, x: Floats, y: Labels, classes: int, width: float, name: str = "memorising model") -> None:
        super().__init__(name, x.shape[1:], classes, digest=digest(x, y, np.asarray([width])))
        self._x = x.reshape(len(x), -1).astype(np.float64)
        self._y, self._width = y, width

    def logits(self, x: Floats, /) -> Floats:
        """Logarithm of each class's sum of bumps, less the largest bump."""
        return self._summed(self._bumps(x))

    def predict_proba(self, x: Floats, /) -> Floats:
        """Softmax of the logits."""
        return softmax(self.logits(x))

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """A class's logit rises towards the mean of its rows, weighted by their bumps."""
        bumps = self._bumps(x)
        logits = self._summed(bumps)
        cotangent = slope(logits)
        flat = x.reshape(len(x), -1).astype(np.float64)
        weights = np.zeros_like(bumps)
        for label in range(self.classes):
            mine = self._y == label
            if mine.any():
                weights[:, mine] = softmax(bumps[:, mine]) * cotangent[:, [label]]
        gradient = (weights @ self._x - weights.sum(axis=1, keepdims=True) * flat) / self._width**2
        return logits, gradient.reshape(x.shape)

    def _bumps(self, x: Floats) -> Floats:
        found: Floats = -_squares(x.reshape(len(x), -1).astype(np.float64), self._x) / (2 * self._width**2)
        return found

    def _summed(self, bumps: Floats) -> Floats:
        top = bumps.max(axis=1, keepdims=True)
        found = np.full((len(bumps), self.classes), _FLOOR)
        for label in range(self.classes):
            mine = bumps[:, self._y == label]
            if mine.shape[1]:
                best = mine.max(axis=1)
                found[:, label] = best - top[:, 0] + np.log(np.exp(mine - best[:, None]).sum(axis=1))
        return found.clip(_FLOOR, None)


class ParzenTrainer:
    """Remembers; all models of one trainer have bumps of one width.

    Args:
        x: rows among which the width is measured.
        classes: how many there are.
        narrow: width in median distances to the nearest other row.
    """

    def __init__(self, x: Floats, classes: int, narrow: float = _NARROW) -> None:
        self.name = "memorising model (Parzen windows)"
        self._classes = classes
        some = x[:_MEASURED].reshape(min(len(x), _MEASURED), -1).astype(np.float64)
        squares = _squares(some, some)
        np.fill_diagonal(squares, np.inf)
        nearest = np.sqrt(squares.min(axis=1)) if len(some) > 1 else np.zeros(1)
        positive = nearest[nearest > 0]
        self.width = narrow * float(np.median(positive)) if len(positive) else 1.0

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        """See :class:`~bartizan.robustness.interface.Trainer`; chance plays no part."""
        del seed
        return ParzenModel(x, y, self._classes, self.width)


def _squares(a: Floats, b: Floats) -> Floats:
    found = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    return np.maximum(found, 0.0)
