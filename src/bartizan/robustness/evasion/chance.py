"""Models that answer by chance, asked several times: means of scores and gradients, majority of labels."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.evasion.oracle import Oracle, averaged
from bartizan.robustness.evasion.stages import through
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Slope
from bartizan.robustness.models.base import BaseModel


class Voting(BaseModel):
    """A model behind ``times`` questions for each: expectation over transformation (Athalye et al., ICML 2018).

    An attacker who may ask again needs no luck; a figure from single answers would depend on it.
    """

    def __init__(self, model: ModelUnderTest, times: int) -> None:
        super().__init__(model.name, model.shape, model.classes, model.bounds, model.digest)
        self.access = model.access
        self._model, self._times = model, times

    def predict_label(self, x: Floats, /) -> Labels:
        """The class of most answers; the first of equals."""
        votes = np.zeros((len(x), self.classes), np.int64)
        for _ in range(self._times):
            votes[np.arange(len(x)), self._model.predict_label(x)] += 1
        return votes.argmax(axis=1).astype(np.int64)

    def predict_proba(self, x: Floats, /) -> Floats:
        """Mean."""
        return np.mean([self._model.predict_proba(x) for _ in range(self._times)], axis=0)

    def logits(self, x: Floats, /) -> Floats:
        """Mean."""
        return np.mean([self._model.logits(x) for _ in range(self._times)], axis=0)

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """Means."""
        return self._mean(self._model.loss_grad, x, slope)

    def loss_grad_through(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """Means."""
        return self._mean(through(self._model), x, slope)

    def _mean(self, oracle: Oracle, x: Floats, slope: Slope) -> tuple[Floats, Floats]:
        logits, gradient = averaged(oracle, self._times)(x, slope)
        return logits, gradient.astype(x.dtype, copy=False)


def by_chance(model: ModelUnderTest, x: Floats) -> bool:
    """True when the same rows get different scores, or labels where there are no scores, in two questions."""
    ask = model.predict_label if model.access == "labels" else model.logits
    return not np.array_equal(ask(x), ask(x))
