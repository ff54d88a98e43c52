"""Labels that models of trusted rows contradict: the sign of poisoning that changes labels, whatever its trigger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bartizan.core.stats.tails import hypergeometric_tail
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples, Trainer
from bartizan.robustness.training import Job, train_all

DOUBT: Final = 0.2
"""A label is contradicted when the references give it less than this."""


@dataclass(frozen=True, slots=True)
class References:
    """Models of trusted rows, and how often they contradict labels that are right."""

    models: Sequence[ModelUnderTest]
    wrong: Labels
    """``(classes,)``: of trusted rows that a reference was not trained on, those whose label it contradicts."""
    seen: Labels
    """``(classes,)``: of how many."""

    def doubts(self, samples: Samples) -> Floats:
        """One less the probability that the references give each label, ``(n,)``."""
        rows = np.arange(len(samples))
        found = [model.predict_proba(samples.x)[rows, samples.y] for model in self.models]
        return np.asarray(1 - np.mean(found, axis=0))

    def excess(self, samples: Samples, doubts: Floats) -> Floats:
        """How probable so many contradicted labels are where labels are as good as in the trusted rows, for each class
        and, last, for all rows together, ``(classes + 1,)``: Fisher's one-sided exact test, times the number of tests.
        """
        found = np.ones(len(self.seen) + 1)
        for label in range(len(found)):
            every = label == len(self.seen)
            own = doubts if every else doubts[samples.y == label]
            wrong, seen = (int(one.sum() if every else one[label]) for one in (self.wrong, self.seen))
            count = int((own > 1 - DOUBT).sum())
            found[label] = len(found) * hypergeometric_tail(count, len(own), count + wrong, len(own) + seen)
        return np.minimum(found, 1)


def train_references(trainer: Trainer, trusted: Samples, classes: int, seed: int, workers: int = 1) -> References:
    """Three models, each on two thirds of the trusted rows and judged on the other third.

    One model stands for the three when the rate of contradictions is counted, so it is somewhat overstated: the mean of
    three errs less than each.
    """
    fold = np.random.default_rng(seed).permutation(len(trusted)) % 3
    jobs = [Job(np.flatnonzero(fold != one), seed + one) for one in range(3)]
    models = train_all(trainer, trusted.x, trusted.y, jobs, workers)
    wrong, seen = np.zeros(classes, np.int64), np.bincount(trusted.y, minlength=classes)
    for one, model in enumerate(models):
        left = trusted[fold == one]
        given = model.predict_proba(left.x)[np.arange(len(left)), left.y]
        wrong += np.bincount(left.y[given < DOUBT], minlength=classes)
    return References(models, wrong, seen)
