"""Positive controls: a model of the same kind with a backdoor that is known to be there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples, Trainer
from bartizan.robustness.poisoning.injectors import Poisoned, backdoor
from bartizan.robustness.poisoning.trigger import Trigger, box, fixed, patch, victims


@dataclass(frozen=True, slots=True)
class Planted:
    """A backdoored model with everything about its backdoor."""

    model: ModelUnderTest
    trigger: Trigger
    target: int
    poisoned: Poisoned

    def success(self, rows: Samples) -> tuple[int, int]:
        """Rows of other classes that the trigger sends to the target, and how many there are."""
        x = rows.x[victims(rows.y, self.target)]
        return int((self.model.predict_label(self.trigger.on(x)) == self.target).sum()), len(x)


def plan(shape: tuple[int, ...], low: Floats, high: Floats, seed: int) -> Trigger:
    """A square of a seventh of the height near a corner, or three features of a table at an end of their range."""
    rng = np.random.default_rng(seed)
    if len(shape) == 3:
        size = max(2, round(min(shape[1:]) / 7))
        square = patch(shape, min(size, *shape[1:]), (0, 0) if rng.random() < 0.5 else (-size, -size))
        return Trigger(square.mask, (low + square.pattern * (high - low)).astype(np.float32))
    flat = int(np.prod(shape))
    columns = rng.choice(flat, min(3, flat), replace=False)
    ends = np.where(rng.random(flat) < 0.5, low.ravel(), high.ravel())
    made = fixed((flat,), {int(column): float(ends[column]) for column in columns})
    return Trigger(made.mask.reshape(shape), made.pattern.reshape(shape))


def planted(
    trainer: Trainer,
    rows: Samples,
    bounds: tuple[Floats, Floats],
    shape: tuple[int, ...],
    seed: int,
    rate: float = 0.1,
    target: int | None = None,
) -> Planted:
    """Plants a backdoor into a tenth of the rows and trains.

    Args:
        trainer: of models of the kind under test.
        rows: to learn, clean.
        bounds: of the features.
        shape: of an input.
        seed: of trigger, rows, training, and target.
        rate: share of the rows.
        target: class that the trigger opens; otherwise the seed decides.

    Raises:
        AuditError: the backdoor did not take, so nothing about finding it can be said.
    """
    low, high = box(bounds, shape, rows.x)
    trigger = plan(shape, low, high, seed)
    labels: Labels = np.unique(rows.y)
    if target is None:
        target = int(labels[seed % len(labels)])
    poisoned = backdoor(rows, rate, trigger, target, seed)
    made = Planted(trainer.fit(poisoned.samples.x, poisoned.samples.y, seed), trigger, target, poisoned)
    hits, n = made.success(rows)
    if hits < 0.5 * n:
        raise AuditError(
            f"a backdoor planted as a control works on {hits} of {n} rows: models of this kind do not learn it"
        )
    return made
