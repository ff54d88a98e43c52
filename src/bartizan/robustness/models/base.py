"""What adapters share: the parts that do not depend on the kind of model."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.errors import NotOfferedError
from bartizan.robustness.interface import Access, Floats, Labels, Slope


class BaseModel:
    """Labels and logits from probabilities; no gradients and no features unless a subclass has them.

    Args:
        name: how reports call it.
        shape: of one input.
        classes: how many there are.
        bounds: smallest and largest legal value; two numbers, or two arrays broadcastable to ``shape``.
        digest: ``sha256:…``; empty where nothing can be pinned.
    """

    access = Access.SCORES

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        classes: int,
        bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
        digest: str = "",
    ) -> None:
        self.name, self.shape, self.classes, self.digest = name, tuple(shape), classes, digest
        self.bounds: tuple[Floats, Floats] = (np.asarray(bounds[0], float), np.asarray(bounds[1], float))

    def predict_proba(self, x: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        raise NotOfferedError(f"{self.name} gives no scores")

    def predict_label(self, x: Floats, /) -> Labels:
        """The most probable class; the first of equals."""
        return self.predict_proba(x).argmax(axis=1).astype(np.int64)

    def logits(self, x: Floats, /) -> Floats:
        """Logarithms of the probabilities, cut at the smallest normal number so that a zero stays finite."""
        return np.log(np.maximum(self.predict_proba(x), np.finfo(np.float64).tiny))

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        raise NotOfferedError(f"{self.name} gives no gradients")

    def loss_grad_through(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """:meth:`loss_grad` with rounding, signs and the like passed straight through on the way back: BPDA of Athalye
        et al., ICML 2018. The plain gradient where the adapter knows of no such steps."""
        return self.loss_grad(x, slope)

    def splits(self) -> list[Floats] | None:
        """Thresholds of tree ensembles, column by column; None where there are no trees."""
        return None

    def features(self, x: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        raise NotOfferedError(f"{self.name} shows no inner features")
