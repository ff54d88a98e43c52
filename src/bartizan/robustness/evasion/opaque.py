"""The positive control of the masking audit: a model behind rounding, whose gradient is zero everywhere."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Access, Floats, ModelUnderTest, Slope
from bartizan.robustness.models.base import BaseModel


class Rounded(BaseModel):
    """Rounds inputs to ``levels`` values between the bounds, and answers with the gradient that this has: none.

    Bit-depth reduction of Xu et al., "Feature squeezing", NDSS 2018. No guarantee; it hides what it does not mend.

    Args:
        model: what is asked with rounded inputs.
        levels: values that an input can take.
        known: whether gradients can be passed straight through, as an attacker who knows the defence does.
    """

    access = Access.GRADIENTS

    def __init__(self, model: ModelUnderTest, levels: int, known: bool = False) -> None:
        super().__init__(f"{model.name}, inputs of {levels} levels", model.shape, model.classes, model.bounds)
        self.access = model.access
        self._model, self._steps, self._known = model, levels - 1, known

    def predict_proba(self, x: Floats, /) -> Floats:
        """Of the rounded input."""
        return self._model.predict_proba(self._round(x))

    def logits(self, x: Floats, /) -> Floats:
        """Of the rounded input."""
        return self._model.logits(self._round(x))

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """Zero."""
        logits, gradient = self._model.loss_grad(self._round(x), slope)
        return logits, np.zeros_like(gradient)

    def loss_grad_through(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """As if rounding were the identity, where that is known."""
        return self._model.loss_grad(self._round(x), slope) if self._known else self.loss_grad(x, slope)

    def _round(self, x: Floats) -> Floats:
        low, high = self.bounds
        found = np.rint((x - low) / (high - low) * self._steps) / self._steps * (high - low) + low
        return found.astype(x.dtype, copy=False)
