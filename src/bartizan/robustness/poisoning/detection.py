"""From recovered triggers to a statement about one model: which classes have a trigger that clean models have not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.poisoning.calibration import Calibration
from bartizan.robustness.poisoning.neural_cleanse import Recovered, search
from bartizan.robustness.poisoning.trigger import victims

LEVEL: Final = 0.01
"""Share of clean models that may be flagged."""
SUCCESS: Final = 0.8
"""Share of rows outside the search that a recovered trigger must send to its class."""


@dataclass(frozen=True, slots=True)
class Split:
    """Trusted rows, each used for one thing."""

    learn: Samples
    """Clean models are trained on them."""
    probe: Samples
    """Triggers are searched on them."""
    verify: Samples
    """Recovered triggers are tried on them."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in one model."""

    found: list[Recovered]
    """One a class."""
    p_values: Floats
    """``(classes,)``; see :meth:`Calibration.p_values`."""
    hits: Labels
    """``(classes,)``: verified rows of other classes that the recovered trigger sends to the class."""
    tried: Labels
    """``(classes,)``: of how many."""

    @property
    def flagged(self) -> Labels:
        """Classes whose trigger is too small for a clean model and works on rows outside the search, the most unlikely
        first: a backdoor opens its neighbours' classes as well."""
        found = np.flatnonzero((self.p_values <= LEVEL) & (self.hits >= SUCCESS * self.tried))
        return found[np.argsort(self.p_values[found], kind="stable")].astype(np.int64)

    @property
    def first(self) -> int:
        """The class that stands out most."""
        return int(self.p_values.argmin())


def split(trusted: Samples, classes: int, seed: int) -> Split:
    """Deals out rows that nobody can have poisoned: up to 300 to search on, up to 700 to verify on, the rest to learn.

    Raises:
        UnusableDataError: too few rows, or a class with fewer than five rows to learn from.
    """
    order = np.random.default_rng(seed).permutation(len(trusted))
    probe, verify = min(300, len(order) // 6), min(700, len(order) // 4)
    if probe < 60:
        raise UnusableDataError(f"{len(order)} test rows; the search for triggers needs 360", "give more rows")
    learn = trusted[order[probe + verify :]]
    counts = np.bincount(learn.y, minlength=classes)
    if counts.min() < 5:
        raise UnusableDataError(f"class {counts.argmin()} has {counts.min()} rows to train clean models on")
    return Split(learn, trusted[order[:probe]], trusted[order[probe : probe + verify]])


def detect(model: ModelUnderTest, rows: Split, calibration: Calibration, seed: int) -> Detection:
    """Searches the model, compares each class with clean models, and tries each trigger on other rows."""
    found = search(model, rows.probe, seed)
    hits, tried = np.zeros(model.classes, np.int64), np.zeros(model.classes, np.int64)
    for one in found:
        x = rows.verify.x[victims(rows.verify.y, one.target)]
        hits[one.target] = (model.predict_label(one.trigger.on(x)) == one.target).sum()
        tried[one.target] = len(x)
    return Detection(found, calibration.p_values(found), hits, tried)
