"""Trainers: models of the kind under test, for shadow models, surrogates, positive controls and retraining."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Trainer
from bartizan.robustness.models.sklearn import from_estimator


class SklearnTrainer:
    """Fits fresh estimators.

    Args:
        make: seed to an unfitted estimator; importable by name, so that other processes can call it.
        shape: of one input.
        classes: how many there are.
        bounds: smallest and largest legal value.
        name: what it trains.
    """

    def __init__(
        self,
        make: Callable[[int], Any],
        shape: tuple[int, ...],
        classes: int,
        bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
        name: str = "",
    ) -> None:
        self._make, self._shape, self._classes, self._bounds = make, shape, classes, bounds
        self.name = name or getattr(make, "__name__", "scikit-learn estimator")

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        """See :class:`~bartizan.robustness.interface.Trainer`."""
        from sklearn.exceptions import ConvergenceWarning
        from threadpoolctl import threadpool_limits

        # How long to train is the recipe's choice; and for small matrices, threads of BLAS wait more than they work.
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator = self._make(seed).fit(x.reshape(len(x), -1), y)
        return from_estimator(estimator, self._shape, self._classes, self._bounds, self.name)


class Job(NamedTuple):
    """One model to train."""

    rows: Labels
    """Indices into the pool."""
    seed: int


def train_all(trainer: Trainer, x: Floats, y: Labels, jobs: Sequence[Job], workers: int) -> list[ModelUnderTest]:
    """A model for each job, trained side by side in ``workers`` processes; here where there is one."""
    from joblib import Parallel, delayed

    # Workers inherit no thread setting: two of them with all cores each are slower than one.
    parallel = Parallel(n_jobs=min(workers, len(jobs)) or 1, inner_max_num_threads=1) if workers > 1 else Parallel(1)
    found: list[ModelUnderTest] = parallel(delayed(trainer.fit)(x[job.rows], y[job.rows], job.seed) for job in jobs)
    return found
