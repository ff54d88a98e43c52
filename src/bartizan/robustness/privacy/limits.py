"""Output limits: what a service may do to its answers to leak less. Each wraps a model and answers less."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.errors import NotOfferedError
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest
from bartizan.robustness.models.base import BaseModel


class RoundedModel(BaseModel):
    """Answers probabilities to a few digits, rescaled to a sum of one.

    Args:
        model: what is asked.
        digits: after the point; 1 answers in tenths.
    """

    def __init__(self, model: ModelUnderTest, digits: int = 1) -> None:
        super().__init__(f"{model.name}, {digits} digits", model.shape, model.classes, model.bounds, model.digest)
        self._model, self._digits = model, digits

    def predict_proba(self, x: Floats, /) -> Floats:
        """Rounded; a row that rounds to nothing is uniform."""
        return normalised(self._model.predict_proba(x).round(self._digits))


class TopModel(BaseModel):
    """Answers the most probable class with its probability; the others share the rest evenly."""

    def __init__(self, model: ModelUnderTest) -> None:
        super().__init__(f"{model.name}, top class alone", model.shape, model.classes, model.bounds, model.digest)
        self._model = model

    def predict_proba(self, x: Floats, /) -> Floats:
        """One informative number a row."""
        p = self._model.predict_proba(x).astype(np.float64)
        rows, best = np.arange(len(p)), p.argmax(axis=1)
        top = p[rows, best]
        found = np.repeat(((1 - top) / max(1, self.classes - 1))[:, None], self.classes, axis=1)
        found[rows, best] = top
        return found


class LabelModel(BaseModel):
    """Answers the class alone."""

    access = Access.LABELS

    def __init__(self, model: ModelUnderTest) -> None:
        super().__init__(f"{model.name}, labels alone", model.shape, model.classes, model.bounds, model.digest)
        self._model = model

    def predict_label(self, x: Floats, /) -> Labels:
        """The model's."""
        return self._model.predict_label(x)

    def logits(self, x: Floats, /) -> Floats:
        """Not offered."""
        raise NotOfferedError(f"{self.name}: no scores")


def normalised(p: Floats) -> Floats:
    """Rows rescaled to a sum of one; uniform where there is nothing."""
    total = p.sum(axis=1, keepdims=True)
    return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / p.shape[1])
