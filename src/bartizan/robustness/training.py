"""Trainers: models of the kind under test, for shadow models, surrogates, positive controls and retraining."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Trainer
from bartizan.robustness.models.sklearn import from_estimator

T = TypeVar("T")


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


def side_by_side(calls: Iterable[tuple[Callable[..., T], tuple[Any, ...]]], workers: int) -> list[T]:
    """The result of each function with its arguments, in order: here where there is one worker, else in processes.

    Within ``engines.engaged``, the work goes to that engine instead.
    """
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    if workers < 2:
        return [function(*arguments) for function, arguments in calls]
    backend, _ = get_active_backend()
    # Workers inherit no thread setting: two of them with all cores each are slower than one.
    limits = {"inner_max_num_threads": 1} if backend.supports_inner_max_num_threads else {}
    found: list[T] = Parallel(n_jobs=workers, **limits)(delayed(call)(*arguments) for call, arguments in calls)
    return found


def train_all(trainer: Trainer, x: Floats, y: Labels, jobs: Sequence[Job], workers: int) -> list[ModelUnderTest]:
    """A model for each job, trained side by side in at most ``workers`` processes."""
    calls = ((trainer.fit, (x[job.rows], y[job.rows], job.seed)) for job in jobs)
    return side_by_side(calls, min(workers, len(jobs)))
