"""Adversarial training of a perceptron (Madry et al., ICLR 2018): each step learns from inputs moved against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.losses import CrossEntropy
from bartizan.robustness.models.sklearn import from_estimator


@dataclass(frozen=True)
class HardenedTrainer:
    """Trains scikit-learn's MLPClassifier on inputs in the L-infinity ball of ``epsilon`` around its rows."""

    shape: tuple[int, ...]
    classes: int
    epsilon: float
    hidden: tuple[int, ...] = (128,)
    epochs: int = 60
    batch: int = 64
    steps: int = 5

    @property
    def name(self) -> str:
        """What it trains."""
        return f"perceptron {self.hidden}, adversarial training at {self.epsilon:g}"

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        """See :class:`~bartizan.robustness.interface.Trainer`."""
        from sklearn.neural_network import MLPClassifier
        from threadpoolctl import threadpool_limits

        chance = np.random.default_rng(seed)
        estimator = MLPClassifier(self.hidden, learning_rate_init=2e-3, random_state=seed)
        flat = x.reshape(len(x), -1)
        estimator.partial_fit(flat[: self.batch], y[: self.batch], classes=np.arange(self.classes))
        with threadpool_limits(1):  # for small matrices, threads of BLAS wait more than they work
            for _ in range(self.epochs):
                for rows in np.array_split(chance.permutation(len(y)), max(1, len(y) // self.batch)):
                    model = from_estimator(estimator, flat.shape[1:], self.classes, (0, 1))
                    estimator.partial_fit(self._moved(model, flat[rows], y[rows], chance), y[rows])
        return from_estimator(estimator, self.shape, self.classes, (0, 1), self.name)

    def _moved(self, model: ModelUnderTest, x: Floats, y: Labels, chance: np.random.Generator) -> Floats:
        loss, moved = CrossEntropy(y), x + chance.uniform(-self.epsilon, self.epsilon, x.shape)
        for _ in range(self.steps):
            _, gradient = model.loss_grad(np.clip(moved, 0, 1), loss.slope)
            moved = moved + 2.5 * self.epsilon / self.steps * np.sign(gradient)
            moved = np.clip(np.clip(moved, x - self.epsilon, x + self.epsilon), 0, 1)
        return moved
