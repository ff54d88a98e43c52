"""A trainer that standardises features and folds the scaling into the first layer, so that gradients stay."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction.descent import descended
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.models.sklearn import DenseModel, from_estimator

_STEPS, _RATE = 1_000, 3e-3
"""Steps of a hundred rows with scores, after the fit to labels: at least so many, and ten passes."""


class ScaledTrainer:
    """Fits LogisticRegression or MLPClassifier on standardised features.

    Args:
        make: seed to an unfitted estimator.
        like: the model whose inputs and classes the new one shares.
        name: what it trains.
    """

    def __init__(self, make: Callable[[int], Any], like: ModelUnderTest, name: str) -> None:
        self._make, self._shape, self._classes, self._bounds, self.name = (
            make,
            like.shape,
            like.classes,
            like.bounds,
            name,
        )

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        """See :class:`~bartizan.robustness.interface.Trainer`. Classes that ``y`` lacks are never answered."""
        scaled, centre, scale = _standard(x)
        return self._folded(self._inner(scaled, y, seed, absent=-1e3), centre, scale)

    def fit_scores(self, x: Floats, scores: Floats, seed: int) -> ModelUnderTest:
        """See :class:`~bartizan.robustness.extraction.surrogate.LearnsScores`: first the likeliest labels."""
        scaled, centre, scale = _standard(x)
        labels = scores.argmax(axis=1)
        if len(np.unique(labels)) < 2:
            labels[0] = scores[0].argsort()[-2]
        start = self._inner(scaled, labels, seed, absent=-10.0)
        epochs = max(10, -(-100 * _STEPS // len(x)))
        return self._folded(descended(start, scaled, scores, epochs, seed, _RATE), centre, scale)

    def _inner(self, scaled: Floats, y: Labels, seed: int, absent: float) -> DenseModel:
        """Of standardised rows, with an output for each class; ``absent`` is the bias of those that ``y`` lacks."""
        present, dense = np.unique(y, return_inverse=True)
        if len(present) < 2:
            raise AuditError(f"all {len(y)} rows to learn from have the label {y[0]}")
        with warnings.catch_warnings():
            # A copy that has not converged is judged by its fidelity like any other.
            warnings.simplefilter("ignore")
            estimator = self._make(seed).fit(scaled, dense)
        found = from_estimator(estimator, (scaled.shape[1],), len(present))
        if not isinstance(found, DenseModel):
            raise AuditError(f"{self.name} has no layers to fold the scaling into")
        last, bias = np.zeros((found.weights[-1].shape[0], self._classes)), np.full(self._classes, absent)
        last[:, present], bias[present] = found.weights[-1], found.biases[-1]
        return DenseModel([*found.weights[:-1], last], [*found.biases[:-1], bias], found.activation, found.shape)

    def _folded(self, inner: DenseModel, centre: Floats, scale: Floats) -> DenseModel:
        first = inner.weights[0] / scale[:, None]
        weights, biases = [first, *inner.weights[1:]], [inner.biases[0] - centre @ first, *inner.biases[1:]]
        return DenseModel(weights, biases, inner.activation, self._shape, self._bounds, self.name)


def _standard(x: Floats) -> tuple[Floats, Floats, Floats]:
    flat = x.reshape(len(x), -1).astype(np.float64)
    centre, scale = flat.mean(axis=0), flat.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return (flat - centre) / scale, centre, scale
