"""A trainer that standardises features and folds the scaling into the first layer, so that gradients stay."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.models.sklearn import DenseModel, from_estimator


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
        flat = x.reshape(len(x), -1).astype(np.float64)
        centre = flat.mean(axis=0)
        scale = flat.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        present, dense = np.unique(y, return_inverse=True)
        if len(present) < 2:
            raise AuditError(f"all {len(y)} rows to learn from have the label {y[0]}")
        with warnings.catch_warnings():
            # A copy that has not converged is judged by its fidelity like any other.
            warnings.simplefilter("ignore")
            estimator = self._make(seed).fit((flat - centre) / scale, dense)
        inner = from_estimator(estimator, (flat.shape[1],), len(present))
        if not isinstance(inner, DenseModel):
            raise AuditError(f"{self.name} has no layers to fold the scaling into")
        weights, biases = [*inner.weights], [*inner.biases]
        weights[0] = weights[0] / scale[:, None]
        biases[0] = biases[0] - centre @ weights[0]
        last, bias = np.zeros((weights[-1].shape[0], self._classes)), np.full(self._classes, -1e3)
        last[:, present], bias[present] = weights[-1], biases[-1]
        return DenseModel(
            [*weights[:-1], last], [*biases[:-1], bias], _activation(estimator), self._shape, self._bounds, self.name
        )


def _activation(estimator: Any) -> str:
    return str(getattr(estimator, "activation", "identity"))
