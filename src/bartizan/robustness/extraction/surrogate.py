"""Training a copy from the victim's answers, budget by budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction import queries
from bartizan.robustness.extraction.queries import Bandit, Pool
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest, Trainer


class Strategy(StrEnum):
    """How a thief chooses what to ask."""

    UNIFORM = "uniform"
    MARGINAL = "marginal"
    POOL = "pool"
    """The thief's own rows in random order."""
    UNCERTAIN = "uncertain"
    """The thief's own rows, those first between whose classes the last copy decides least."""
    JACOBIAN = "jacobian"
    """A tenth of the budget from the pool, the rest augmented."""
    KNOCKOFF = "knockoff"
    """The thief's own rows, by a bandit over their groups."""


COPIES = 4
"""How often each answer is learnt; for a trainer that takes labels alone, 0.7 and 0.3 become three of one label and one
of the other."""


@runtime_checkable
class LearnsScores(Protocol):
    """A trainer that takes probabilities too."""

    def fit_scores(self, x: Floats, scores: Floats, seed: int) -> ModelUnderTest:
        """A fresh model from rows ``(n, *shape)`` and probabilities ``(n, classes)``."""
        ...


@dataclass(frozen=True, slots=True)
class Point:
    """One copy."""

    queries: int
    fidelity: float
    """Share of the held-out rows with the victim's label."""
    accuracy: float
    """Share with the true label."""
    n: int
    """Held-out rows."""


@dataclass(frozen=True, slots=True)
class Theft:
    """What a strategy reached."""

    strategy: Strategy
    points: tuple[Point, ...]
    copy: ModelUnderTest
    """The last."""
    asked: Floats
    """All rows asked ``(n, *shape)``, in their order."""
    cut: bool
    """True where time ran out before the last budget."""


def answers(model: ModelUnderTest, x: Floats, access: Access) -> Floats:
    """Scores ``(n, classes)``; one-hot labels where there is access to labels alone."""
    if access.allows(Access.SCORES):
        return np.asarray(model.predict_proba(x), np.float64)
    return np.eye(model.classes)[model.predict_label(x)]


def as_labels(scores: Floats, copies: int = COPIES) -> Labels:
    """Labels ``(n, copies)`` in the proportion of the scores, by largest remainders.

    Rows that repeat with several labels teach scores to a trainer that takes labels alone.
    """
    exact = scores / scores.sum(axis=1, keepdims=True) * copies
    counts = np.floor(exact + 1e-9).astype(np.int64)
    missing = copies - counts.sum(axis=1)
    order = np.argsort(-(exact - counts), axis=1, kind="stable")
    ranks = np.argsort(order, axis=1)
    counts += ranks < missing[:, None]
    return np.repeat(np.tile(np.arange(scores.shape[1]), len(scores)), counts.ravel()).reshape(len(scores), copies)


def fitted(trainer: Trainer, x: Floats, scores: Floats, seed: int, copies: int = COPIES) -> ModelUnderTest:
    """A copy from rows and the victim's answers. Raises AuditError where all answers are one class."""
    labels = as_labels(scores, copies)
    if len(np.unique(labels)) < 2:
        raise AuditError("the victim answered every query with one class: nothing can be learnt from them")
    if isinstance(trainer, LearnsScores):
        return trainer.fit_scores(np.repeat(x, copies, axis=0), np.repeat(scores, copies, axis=0), seed)
    return trainer.fit(np.repeat(x, copies, axis=0), labels.ravel(), seed)


def steal(
    model: ModelUnderTest,
    trainer: Trainer,
    pool: Pool,
    strategy: Strategy,
    budgets: Sequence[int],
    judge: Callable[[ModelUnderTest], tuple[float, float, int]],
    access: Access,
    seed: int,
    deadline: float = np.inf,
    step: float = 0.1,
) -> Theft:
    """Ask and train, budget by budget; each adds to the rows of those before.

    Args:
        model: the victim.
        trainer: of the thief; the victim's own kind or another.
        pool: the thief's rows. Strategies that draw from it end with it.
        strategy: how queries are chosen.
        budgets: rows asked in all at each point, rising.
        judge: fidelity, accuracy and n of a copy on rows that nobody trained on.
        access: labels or scores.
        seed: of queries and training.
        deadline: of ``time.monotonic()``; the first budget is always tried.
        step: of Jacobian augmentation.

    Raises:
        AuditError: the victim answers with one class, or the copy has no gradients for the Jacobian.
    """
    rng = np.random.default_rng([seed, list(Strategy).index(strategy)])
    bandit = Bandit(pool.y, rng)
    asked = np.empty((0, *pool.x.shape[1:]), pool.x.dtype)
    scores = np.empty((0, model.classes))
    left = rng.permutation(len(pool.x))
    copy: ModelUnderTest | None = None
    points: list[Point] = []
    cut = False
    for budget in budgets:
        if points and time.monotonic() > deadline:
            cut = True
            break
        while len(asked) < budget:
            want = budget - len(asked)
            new = np.empty((0,), np.int64)
            if strategy is Strategy.UNIFORM:
                rows = queries.uniform(pool, want, rng)
            elif strategy is Strategy.MARGINAL:
                rows = queries.marginal(pool, want, rng)
            elif strategy is Strategy.JACOBIAN and len(asked) >= max(budgets[0] // 2, 10):
                copy = copy or fitted(trainer, asked, scores, seed)
                rows = queries.jacobian(copy, asked, scores.argmax(axis=1), step, pool, rng, min(want, len(asked)))
                copy = None
            elif not len(left):
                break
            else:
                if strategy is Strategy.JACOBIAN:
                    want = min(want, max(budgets[0] // 2, 10))
                if strategy is Strategy.KNOCKOFF:
                    new = bandit.choose(left, min(want, max(len(pool.x) // 50, 20)))
                elif strategy is Strategy.UNCERTAIN and copy is not None:
                    new = queries.uncertain(copy, pool.x, left, want)
                else:
                    new = left[:want]
                rows, left = pool.x[new], left[~np.isin(left, new)]
            replies = answers(model, rows, access)
            if strategy is Strategy.KNOCKOFF:
                bandit.learn(new, replies)
            asked, scores = np.concatenate([asked, rows.astype(asked.dtype)]), np.concatenate([scores, replies])
        if points and points[-1].queries == len(asked):
            break
        copy = fitted(trainer, asked, scores, seed)
        fidelity, accuracy, n = judge(copy)
        points.append(Point(len(asked), fidelity, accuracy, n))
    if copy is None:
        raise AuditError("the thief's pool is empty")
    return Theft(strategy, tuple(points), copy, asked, cut)
