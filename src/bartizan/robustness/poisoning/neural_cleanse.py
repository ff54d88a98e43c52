"""Neural Cleanse (Wang et al. 2019): for each class, the smallest trigger that sends other rows there. All at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.losses import softmax
from bartizan.robustness.poisoning.trigger import Trigger, box, victims

PATIENCE: Final = 40
"""Steps without a mask 2% smaller, after which a class is done."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The smallest trigger found for one class."""

    target: int
    trigger: Trigger
    size: float
    """Of its mask; see :meth:`Trigger.size`. That of a whole input where no trigger worked."""
    success: float
    """Share of the rows it was searched on that it sends to ``target``."""


def search(
    model: ModelUnderTest,
    samples: Samples,
    seed: int,
    steps: int = 250,
    batch: int = 32,
    wanted: float = 0.97,
) -> list[Recovered]:
    """A trigger for each class, by Adam on mask and pattern.

    The loss of a class is the cross-entropy of its label on triggered rows plus a cost times the sum of the mask; as in
    the paper, the cost rises while the trigger works and falls while it does not. All classes share each call of the
    model, and a class leaves the batch once its mask stops shrinking.

    Args:
        model: with gradients.
        samples: a few hundred rows that the model was not trained on.
        seed: of the start and of the batches.
        steps: at most.
        batch: rows a class and step.
        wanted: share of a batch that a trigger must send to the class.

    Raises:
        UnusableDataError: a class has fewer than ``batch`` rows of other classes.
    """
    state = _State(model, samples, seed, batch)
    active = np.arange(model.classes)
    for step in range(1, steps + 1):
        state.step(active, step, wanted)
        active = active[state.idle[active] < PATIENCE]
        if not len(active):
            break
    return [state.result(target) for target in range(model.classes)]


class _State:
    """Masks and patterns of all classes; the first axis of every array is the class."""

    def __init__(self, model: ModelUnderTest, samples: Samples, seed: int, batch: int) -> None:
        self.model, self.x, self.batch = model, samples.x, batch
        self.rng = np.random.default_rng(seed)
        self.pools = [victims(samples.y, target) for target in range(model.classes)]
        if min(map(len, self.pools)) < batch:
            raise UnusableDataError(f"a class has {min(map(len, self.pools))} rows of others, {batch} are needed")
        self.low, self.high = box(model.bounds, tuple(model.shape), samples.x)
        count, shape = model.classes, tuple(model.shape)
        mask_shape = (1, *shape[1:]) if len(shape) == 3 else shape
        # Of logistic functions: mask and pattern stay within their bounds by themselves.
        self.mask = -0.5 + 0.1 * self.rng.normal(size=(count, *mask_shape))
        self.pattern = 0.1 * self.rng.normal(size=(count, *shape))
        self.adam = [_Adam(self.mask.shape), _Adam(self.pattern.shape)]
        self.cost, self.smooth, self.idle = np.full(count, 1e-3), np.zeros(count), np.zeros(count)
        self.least = np.full(count, np.inf)
        self.kept_mask, self.kept_pattern = np.ones_like(self.mask), np.zeros_like(self.pattern)

    def step(self, active: Labels, step: int, wanted: float) -> None:
        axes = tuple(range(1, self.mask.ndim))
        rows = self.x[np.stack([self.rng.choice(self.pools[target], self.batch) for target in active])]
        mask, unit = _logistic(self.mask[active]), _logistic(self.pattern[active])
        pattern = self.low + (self.high - self.low) * unit
        triggered = (1 - mask[:, None]) * rows + (mask * pattern)[:, None]
        labels = np.repeat(active, self.batch)
        flat = triggered.reshape(-1, *self.model.shape).astype(rows.dtype)
        logits, gradient = self.model.loss_grad(flat, lambda found: _slope(found, labels) / self.batch)
        gradient = gradient.reshape(rows.shape)
        by_mask = (gradient * (pattern[:, None] - rows)).sum(1)
        if by_mask.shape != mask.shape:
            by_mask = by_mask.sum(1, keepdims=True)
        spread = self.cost[active].reshape(-1, *[1] * len(axes))
        self.adam[0].move(self.mask, (by_mask + spread) * mask * (1 - mask), active, step)
        by_unit = (gradient * mask[:, None]).sum(1) * (self.high - self.low) * unit * (1 - unit)
        self.adam[1].move(self.pattern, by_unit, active, step)

        hits = (logits.argmax(1) == labels).reshape(len(active), self.batch).mean(1)
        self.smooth[active] = 0.7 * self.smooth[active] + 0.3 * hits
        works = self.smooth[active] >= wanted
        self.cost[active] = np.clip(self.cost[active] * np.where(works, 1.1, 0.87), 1e-5, 10)
        sizes = mask.sum(axes)
        better = works & (hits >= wanted) & (sizes < self.least[active])
        # A shrinking by less than 2% is kept, but does not keep a class in the batch.
        self.idle[active] = np.where(better & (sizes < 0.98 * self.least[active]), 0, self.idle[active] + 1)
        self.least[active[better]] = sizes[better]
        self.kept_mask[active[better]], self.kept_pattern[active[better]] = mask[better], pattern[better]

    def result(self, target: int) -> Recovered:
        """Of one class, with its success on all rows of the search."""
        trigger = Trigger(self.kept_mask[target].astype(self.x.dtype), self.kept_pattern[target].astype(self.x.dtype))
        answers = self.model.predict_label(trigger.on(self.x[self.pools[target]]))
        return Recovered(target, trigger, trigger.size(tuple(self.model.shape)), float((answers == target).mean()))


class _Adam:
    """Kingma and Ba 2015, with the momenta of the original Neural Cleanse (0.5, 0.9)."""

    def __init__(self, shape: tuple[int, ...], rate: float = 0.2) -> None:
        self.first, self.second, self.rate = np.zeros(shape), np.zeros(shape), rate

    def move(self, values: Floats, gradient: Floats, active: Labels, step: int) -> None:
        """Changes the rows of ``active`` in place."""
        self.first[active] = 0.5 * self.first[active] + 0.5 * gradient
        self.second[active] = 0.9 * self.second[active] + 0.1 * gradient**2
        first, second = self.first[active] / (1 - 0.5**step), self.second[active] / (1 - 0.9**step)
        values[active] -= self.rate * first / (np.sqrt(second) + 1e-8)


def _slope(logits: Floats, labels: Labels) -> Floats:
    found = softmax(logits)
    found[np.arange(len(labels)), labels] -= 1
    return found


def _logistic(x: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(0.5 * x))
