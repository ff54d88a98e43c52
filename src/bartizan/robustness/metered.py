"""The model as an audit sees it: questions are checked, counted and bounded, and answers believed only when sane."""

from __future__ import annotations

import math
import time

import numpy as np

from bartizan.robustness.errors import (
    BudgetSpentError,
    NotOfferedError,
    TimeSpentError,
    UnusableDataError,
    UnusableModelError,
)
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest, Slope


class MeteredModel:
    """Wraps a model. Rows asked count as queries; a row whose gradient is asked counts as one of each.

    Args:
        model: what is asked.
        access: the most that may be asked; what the model offers without it.
        budget: rows that may be asked in all.
        until: reading of the monotonic clock after which nothing is answered.
    """

    def __init__(
        self, model: ModelUnderTest, access: Access | None = None, budget: float = math.inf, until: float = math.inf
    ) -> None:
        if access is not None and not model.access.allows(access):
            raise NotOfferedError(
                f"{model.name} offers {model.access}, not {access}", "choose a lower --access, or load the model itself"
            )
        self._model = model
        self.access = access or model.access
        self.budget = budget
        self._until = until
        self.queries = 0
        self.gradients = 0
        self.name, self.digest, self.shape, self.classes = model.name, model.digest, model.shape, model.classes
        self.bounds = model.bounds

    def predict_label(self, x: Floats, /) -> Labels:
        """See :class:`ModelUnderTest`. With access to labels alone, this is all there is."""
        self._ask(x, Access.LABELS)
        labels = np.asarray(self._model.predict_label(x))
        if labels.shape != (len(x),):
            raise UnusableModelError(f"{self.name} answered {len(x)} rows with labels of shape {labels.shape}")
        if len(labels) and (labels.min() < 0 or labels.max() >= self.classes):
            raise UnusableModelError(f"{self.name} answered with a class outside 0 to {self.classes - 1}")
        return labels.astype(np.int64, copy=False)

    def predict_proba(self, x: Floats, /) -> Floats:
        """See :class:`ModelUnderTest`."""
        self._ask(x, Access.SCORES)
        found = self._scores(np.asarray(self._model.predict_proba(x)), len(x))
        if len(found) and (found.min() < -1e-6 or np.abs(found.sum(axis=1) - 1).max() > 1e-3):
            raise UnusableModelError(f"{self.name} answered with numbers that are no probabilities")
        return found

    def logits(self, x: Floats, /) -> Floats:
        """See :class:`ModelUnderTest`."""
        self._ask(x, Access.SCORES)
        return self._scores(np.asarray(self._model.logits(x)), len(x))

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """See :class:`ModelUnderTest`."""
        self._ask(x, Access.GRADIENTS)
        self.gradients += len(x)
        logits, gradient = self._model.loss_grad(x, slope)
        if gradient.shape != x.shape:
            raise UnusableModelError(f"{self.name} answered inputs {x.shape} with gradients {gradient.shape}")
        return self._scores(logits, len(x)), gradient

    def loss_grad_through(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """See :class:`~bartizan.robustness.models.base.BaseModel`; plain where a model has no such thing."""
        through = getattr(self._model, "loss_grad_through", None)
        if through is None:
            return self.loss_grad(x, slope)
        self._ask(x, Access.GRADIENTS)
        self.gradients += len(x)
        logits, gradient = through(x, slope)
        return self._scores(logits, len(x)), gradient

    def splits(self) -> list[Floats] | None:
        """See :class:`~bartizan.robustness.models.base.BaseModel`; None where access was lowered."""
        if self.access is not self._model.access:
            return None
        found: list[Floats] | None = getattr(self._model, "splits", lambda: None)()
        return found

    def features(self, x: Floats, /) -> Floats:
        """See :class:`ModelUnderTest`."""
        self._ask(x, Access.GRADIENTS)
        return self._model.features(x)

    def _ask(self, x: Floats, needed: Access) -> None:
        if not self.access.allows(needed):
            raise NotOfferedError(f"this audit may ask for {self.access}, not for {needed}")
        if x.ndim == 0 or tuple(x.shape[1:]) != tuple(self.shape):
            raise UnusableDataError(f"{self.name} takes rows of shape {tuple(self.shape)}, not {tuple(x.shape[1:])}")
        if time.monotonic() > self._until:
            raise TimeSpentError("cut short: the time for this audit is over", "raise --seconds")
        if self.queries + len(x) > self.budget:
            left = int(self.budget - self.queries)
            raise BudgetSpentError(f"{len(x):,} rows asked, {left:,} left of the budget", "raise --budget")
        self.queries += len(x)

    def _scores(self, found: Floats, rows: int) -> Floats:
        if found.shape != (rows, self.classes):
            raise UnusableModelError(f"{self.name} answered {rows} rows with scores of shape {found.shape}")
        if not np.isfinite(found).all():
            raise UnusableModelError(f"{self.name} answered with NaN or infinity")
        return found
