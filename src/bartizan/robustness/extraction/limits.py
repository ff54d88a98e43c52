"""What a serving path can do to its answers: round them, give the top score or the label alone."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.errors import NotOfferedError
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest
from bartizan.robustness.models.base import BaseModel


class _Limited(BaseModel):
    def __init__(self, model: ModelUnderTest, what: str) -> None:
        super().__init__(f"{model.name}, {what}", model.shape, model.classes, model.bounds, model.digest)
        self._model = model

    def predict_label(self, x: Floats, /) -> Labels:
        """The model's own label, not that of the limited scores: ties do not change it."""
        return self._model.predict_label(x)


class Rounded(_Limited):
    """Scores to some decimals. Rows keep the sum of one that audits ask for: the rest goes to the top score."""

    access = Access.SCORES

    def __init__(self, model: ModelUnderTest, decimals: int) -> None:
        super().__init__(model, f"scores to {decimals} decimals")
        self._decimals = decimals

    def predict_proba(self, x: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        found = np.round(np.asarray(self._model.predict_proba(x), np.float64), self._decimals)
        rows = np.arange(len(found))
        found[rows, self._model.predict_label(x)] += 1 - found.sum(axis=1)
        found = np.maximum(found, 0)
        return found / found.sum(axis=1, keepdims=True)


class TopScore(_Limited):
    """The score of the predicted class; the rest is shared among the others, as a client would fill it up."""

    access = Access.SCORES

    def __init__(self, model: ModelUnderTest, decimals: int = 2) -> None:
        super().__init__(model, f"the top score to {decimals} decimals")
        self._decimals = decimals

    def predict_proba(self, x: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        scores, labels = self._model.predict_proba(x), self._model.predict_label(x)
        rows = np.arange(len(scores))
        top = np.clip(np.round(np.asarray(scores, np.float64)[rows, labels], self._decimals), 0, 1)
        found = np.repeat(((1 - top) / (self.classes - 1))[:, None], self.classes, axis=1)
        found[rows, labels] = top
        return found


class LabelOnly(_Limited):
    """The predicted class alone."""

    access = Access.LABELS

    def __init__(self, model: ModelUnderTest) -> None:
        super().__init__(model, "labels alone")

    def predict_proba(self, x: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        raise NotOfferedError(f"{self.name} gives no scores")
