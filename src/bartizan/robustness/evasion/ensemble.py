"""Runs stages one after the other on the rows that are left, checks every candidate, and keeps what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bartizan.robustness.errors import BudgetSpentError, TimeSpentError
from bartizan.robustness.evasion.ball import Ball
from bartizan.robustness.evasion.stages import Stage, Try
from bartizan.robustness.interface import Flags, Floats, Labels, ModelUnderTest, Samples, Slope


@dataclass(slots=True)
class Evasion:
    """What the stages left standing."""

    x: Floats
    """``(n, *shape)``: misclassified candidates; untouched rows where none was found."""
    correct: Flags
    """``(n,)``: rows that the model classifies when nobody touches them."""
    robust: Flags
    """``(n,)``: of these, rows that no stage broke."""
    after: dict[str, int] = field(default_factory=dict)
    """Rows left after each stage."""
    unfinished: dict[str, str] = field(default_factory=dict)
    """Stages that were cut short, and why."""

    @property
    def n(self) -> int:
        """Rows attacked, misclassified ones included."""
        return len(self.correct)


class Deadline:
    """The model until a time; questions after it raise TimeSpentError."""

    def __init__(self, model: ModelUnderTest, until: float) -> None:
        self._model, self._until = model, until
        self.name, self.digest, self.shape, self.classes = model.name, model.digest, model.shape, model.classes
        self.access, self.bounds = model.access, model.bounds

    def predict_label(self, x: Floats, /) -> Labels:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        return self._in_time().predict_label(x)

    def predict_proba(self, x: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        return self._in_time().predict_proba(x)

    def logits(self, x: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        return self._in_time().logits(x)

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        return self._in_time().loss_grad(x, slope)

    def loss_grad_through(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """See :class:`~bartizan.robustness.models.base.BaseModel`."""
        model = self._in_time()
        found: tuple[Floats, Floats] = getattr(model, "loss_grad_through", model.loss_grad)(x, slope)
        return found

    def features(self, x: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.interface.ModelUnderTest`."""
        return self._in_time().features(x)

    def _in_time(self) -> ModelUnderTest:
        if time.monotonic() > self._until:
            raise TimeSpentError("the time for this audit is over", "raise --budget seconds")
        return self._model


def evade(
    model: ModelUnderTest,
    samples: Samples,
    ball: Ball,
    stages: Sequence[Stage],
    seed: int,
    seconds: float = np.inf,
    progress: Callable[[str], None] = lambda what: None,
    chunk: int = 250,
) -> Evasion:
    """Attack the rows that the model classifies; a row that one stage breaks is never shown to the next.

    Args:
        samples: rows within the box of the model.
        seed: draws starts and directions.
        seconds: after which stages are cut short; what was found until then stays.
        progress: told each stage with the rows left.
        chunk: rows attacked together; what a cut-off chunk had found is lost.
    """
    timed = Deadline(model, time.monotonic() + seconds)
    x, y, rng = samples.x, samples.y, np.random.default_rng(seed)
    correct = np.concatenate(
        [model.predict_label(x[at : at + 1_000]) == y[at : at + 1_000] for at in range(0, len(x), 1_000)]
    )
    found = Evasion(x.copy(), correct, correct.copy())
    for stage in stages:
        if not model.access.allows(stage.needs):
            continue
        for turn in range(stage.rounds):
            left = np.flatnonzero(found.robust)
            progress(f"{stage.name}: {len(left)} rows left")
            for at in range(0, len(left), chunk):
                rows = left[at : at + chunk]
                try:
                    tried = stage.attack(Try(timed, x[rows], y[rows], ball, rng, turn))
                    wrong = (timed.predict_label(tried) != y[rows]) & ball.holds(tried, x[rows])
                except BudgetSpentError as spent:
                    found.unfinished[stage.name] = spent.cause
                    break
                found.x[rows[wrong]], found.robust[rows[wrong]] = tried[wrong], False
            if stage.name in found.unfinished:
                break
        found.after[stage.name] = int(found.robust.sum())
    return found
