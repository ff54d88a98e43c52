"""How small triggers of clean models are, class by class: what a recovered trigger is held against.

The original test calls a class backdoored when its mask is more than two median absolute deviations smaller than those
of the same model. Classes differ more among themselves than that (a shirt is nearer to a coat than to a sandal), so
here each class is compared with itself, in clean models of the same kind.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bartizan.core.stats.tails import student_tail
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, Samples, Trainer
from bartizan.robustness.poisoning.neural_cleanse import Recovered, search
from bartizan.robustness.training import Job, side_by_side, train_all

LEAST: Final = 4
"""Clean models without which nothing is compared."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logarithms of mask sizes in clean models."""

    sizes: Floats
    """``(models, classes)``"""

    def __post_init__(self) -> None:
        if len(self.sizes) < LEAST:
            raise UnusableDataError(
                f"{len(self.sizes)} clean models cannot carry a threshold, {LEAST} can",
                "allow more seconds, or more workers",
            )

    @property
    def means(self) -> Floats:
        """Of each class, ``(classes,)``."""
        return self.sizes.mean(0)

    @property
    def spread(self) -> Floats:
        """Standard deviation of each class between clean models, ``(classes,)``; none below the median of the classes,
        because a few models can agree by chance, nor below 2%."""
        own = self.sizes.std(0, ddof=1)
        return np.maximum(own, max(float(np.median(own)), 0.02))

    def p_values(self, found: Sequence[Recovered]) -> Floats:
        """For each class, how probable so small a mask is in a clean model: a one-sided prediction by Student's t,
        times the number of classes.

        A class counts for itself alone, with one degree of freedom less than there are models: classes differ in how
        much they vary, and clean models would be flagged for the one that varies most.
        """
        models, classes = self.sizes.shape
        scores = (self.means - log_sizes(found)) / (self.spread * math.sqrt(1 + 1 / models))
        tails = [student_tail(float(score), models - 1) for score in scores]
        return np.minimum(1.0, classes * np.asarray(tails))


def log_sizes(found: Sequence[Recovered]) -> Floats:
    """Natural logarithms of the mask sizes, ``(classes,)``."""
    return np.log([max(one.size, 1e-3) for one in found])


def calibrate(
    trainer: Trainer,
    learn: Samples,
    probe: Samples,
    models: int,
    seed: int,
    workers: int = 1,
    until: float = math.inf,
) -> Calibration:
    """Trains clean models, each on a bootstrap sample of the rows, and searches each for triggers.

    Models that share all their rows vary less than models of different rows do, and clean ones would be flagged.

    Args:
        trainer: of models of the kind under test.
        learn: rows that nobody can have poisoned, such as a test set of one's own.
        probe: rows the triggers are searched on, the same as for the model under test.
        models: how many, at least :data:`LEAST`.
        seed: of everything.
        workers: processes side by side.
        until: no model is begun after this reading of the monotonic clock.

    Raises:
        UnusableDataError: there was time for fewer than the least.
    """
    rng = np.random.default_rng(seed)
    workers = max(1, min(workers, models))
    found: list[list[Recovered]] = []
    while len(found) < models and time.monotonic() < until:
        count = min(workers, models - len(found))
        jobs = [Job(rng.integers(len(learn), size=len(learn)), int(rng.integers(2**31))) for _ in range(count)]
        trained = train_all(trainer, learn.x, learn.y, jobs, workers)
        found += side_by_side([(search, (one, probe, seed)) for one in trained], workers)
    return Calibration(np.stack([log_sizes(one) for one in found]) if found else np.empty((0, 0)))


def anomaly_index(found: Sequence[Recovered]) -> tuple[int, float]:
    """The class with the smallest mask, and the paper's index: how many scaled median absolute deviations its mask lies
    below the median of the same model's masks. The paper flags 2 and more."""
    sizes = np.asarray([one.size for one in found])
    least = int(sizes.argmin())
    deviation = 1.4826 * float(np.median(np.abs(sizes - np.median(sizes))))
    return least, float((np.median(sizes) - sizes[least]) / max(deviation, 1e-12))
