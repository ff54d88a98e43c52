"""What the audits of extraction share: who holds which rows, how a copy is judged, what it is judged against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bartizan.core.stats import clopper_pearson
from bartizan.reporting.audit import Measure
from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.scaled import ScaledTrainer
from bartizan.robustness.interface import AuditContext, Labels, ModelUnderTest, Samples, Trainer

TECHNIQUES: Final = ("NIST-AI-100-2-e2025:NISTAML.031", "MITRE-ATLAS-2026.09:AML.T0024.002")
PROXY: Final = (*TECHNIQUES, "MITRE-ATLAS-2026.09:AML.T0005.001")
FEWEST: Final = 50
"""Held-out rows below which no fidelity is stated."""
MOST_HELD: Final = 2_000


@dataclass(frozen=True, slots=True)
class Setting:
    """One theft's surroundings."""

    pool: Pool
    """The first half of the shuffled test rows: what a thief from the same field would have."""
    held: Samples
    """The other half, at most 2,000 rows: nobody trains on it."""
    answers: Labels
    """The victim's labels of the held-out rows."""

    def judge(self, copy: ModelUnderTest) -> tuple[float, float, int]:
        """Fidelity, accuracy and n of a copy."""
        found = copy.predict_label(self.held.x)
        return float((found == self.answers).mean()), float((found == self.held.y).mean()), len(found)


def setting(context: AuditContext, model: ModelUnderTest | None = None) -> Setting:
    """Splits the test rows, and asks the victim about the held-out half.

    Raises:
        AuditError: too few rows, or a victim that answers all of them with one class.
    """
    victim, test = model or context.model, context.data.test
    order = np.random.default_rng([context.seed, 5]).permutation(len(test))
    half = len(test) // 2
    if half < FEWEST:
        raise AuditError(f"{len(test)} test rows, {2 * FEWEST} are needed: half for the thief, half to judge the copy")
    mine, held = test[order[:half]], test[order[half:][:MOST_HELD]]
    answers = victim.predict_label(held.x)
    if len(np.unique(answers)) < 2:
        raise AuditError(
            f"the model answers all {len(held)} held-out rows with class {answers[0]}: any copy is perfect"
        )
    low, high = victim.bounds
    return Setting(Pool(mine.x, mine.y, low, high), held, answers)


def share(name: str, value: float, n: int, note: str = "") -> Measure:
    """A rate with its Clopper-Pearson interval."""
    return Measure(name=name, value=value, n=n, interval=clopper_pearson(round(value * n), n), note=note)


def commonest(answers: Labels) -> float:
    """Fidelity of a "copy" that always says the victim's commonest class."""
    return float(np.bincount(answers).max() / len(answers))


def thief(context: AuditContext) -> Trainer:
    """The given trainer; a small perceptron where there is none."""
    return context.trainer or ScaledTrainer(perceptron, context.model, "perceptron of 64 units")


def linear(context: AuditContext) -> Trainer:
    """Logistic regression: the model that is known to be easy to copy."""
    return ScaledTrainer(logistic, context.model, "logistic regression")


def number(context: AuditContext, name: str, default: int) -> int:
    """An option of the command line that is a whole number from 1 on. Raises AuditError otherwise."""
    given = context.options.get(name, str(default))
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= 10_000_000:
        raise AuditError(f"{name}={given[:40]} is no whole number from 1 on")
    return int(given)


def perceptron(seed: int) -> Any:
    """One hidden layer of 64."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((64,), random_state=seed, max_iter=60)


def logistic(seed: int) -> Any:
    """The linear model of the controls."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=300, random_state=seed)
