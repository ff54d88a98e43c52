"""One training set examined: references from trusted rows, triggers where gradients may be asked, suspects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.errors import AuditError, UnusableDataError
from bartizan.robustness.interface import Access, AuditContext, ModelUnderTest, Samples, Trainer
from bartizan.robustness.poisoning.detection import Split, split
from bartizan.robustness.poisoning.hunt import Hunt, hunt
from bartizan.robustness.poisoning.neural_cleanse import Recovered, search
from bartizan.robustness.poisoning.references import References, train_references


@dataclass(frozen=True, slots=True)
class Examination:
    """What is known after it."""

    trainer: Trainer
    train: Samples
    rows: Split
    references: References
    triggers: list[Recovered] | None
    found: Hunt

    def again(self, model: ModelUnderTest, samples: Samples, seed: int) -> tuple[Hunt, list[Recovered] | None]:
        """The same of another model and its rows, with the same references."""
        triggers = search(model, self.rows.probe, seed) if model.access.allows(Access.GRADIENTS) else None
        asked = model if model.access.allows(Access.SCORES) else None
        return hunt(asked, samples, self.references, triggers, self.rows.probe, seed), triggers


def examine(context: AuditContext) -> Examination:
    """Trains references and hunts, once for all audits of a run.

    Raises:
        AuditError: no trainer, or no training rows.
        UnusableDataError: too few trusted rows, or fewer than 200 training rows.
    """
    if context.trainer is None:
        raise AuditError("needs a trainer: labels are held against models of trusted rows")
    train = context.data.train
    if train is None:
        raise AuditError("needs the training rows")
    if len(train) < 200:
        raise UnusableDataError(f"{len(train)} training rows; 200 are needed")
    known = context.shared.get(key := f"examination of {_named(context)}")
    if isinstance(known, Examination):
        return known
    context.in_time()
    rows = split(context.data.test, context.model.classes, context.seed)
    references = train_references(
        context.trainer, rows.learn, context.model.classes, context.seed, context.effort.workers
    )
    context.in_time()
    made = Examination(context.trainer, train, rows, references, None, _NOTHING)
    found, triggers = made.again(context.model, train, context.seed)
    whole = Examination(context.trainer, train, rows, references, triggers, found)
    if context.model.digest:
        context.shared[key] = whole
    return whole


def _named(context: AuditContext) -> str:
    return f"{context.model.digest}, {context.model.access}"


_NOTHING = Hunt(np.empty(0), np.empty(0), np.empty(0, np.int64), (), 0.0)
