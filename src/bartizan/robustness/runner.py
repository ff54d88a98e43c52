"""Runs audits against one model. What cannot be said is reported as inconclusive, with the reason."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import msgspec
import numpy as np

from bartizan.core.errors import BartizanError
from bartizan.core.registry import registered
from bartizan.core.stats import clopper_pearson
from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Measure, Outcome
from bartizan.robustness import audits, data
from bartizan.robustness.errors import (
    AuditError,
    BudgetSpentError,
    NotApplicableError,
    TimeSpentError,
    UnusableModelError,
)
from bartizan.robustness.interface import Access, Audit, AuditContext, Floats, Labels, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.settling import supported

_GRACE = 1.25
"""Times the limit: audits end within it by themselves, and after this the model under test answers no more."""
_STEADY = 1e-3
"""Probabilities of one row may differ so much between two questions, as sums in another order let them."""


def known() -> dict[str, Audit]:
    """Every audit by its id."""
    return registered(audits, "audit", Audit)  # type: ignore[type-abstract]


def chosen(threats: Sequence[Threat] = (), ids: Sequence[str] = ()) -> list[Audit]:
    """The audits of some threats and ids; all without either.

    Raises:
        AuditError: an id that no audit has.
    """
    found = known()
    for one in ids:
        if one not in found:
            raise AuditError(f"there is no audit {one}", f"there are {', '.join(found)}")
    if not threats and not ids:
        return list(found.values())
    return [audit for audit in found.values() if audit.id in ids or audit.threat in threats]


def accuracy(model: MeteredModel, samples: Samples) -> Measure | None:
    """On untouched rows, with its Clopper-Pearson interval; None where the model does not answer any more."""
    try:
        hits = int((model.predict_label(samples.x) == samples.y).sum())
    except UnusableModelError:
        return None  # the audits say why, and keep what they found
    n = len(samples)
    return Measure(name="accuracy", value=hits / n, n=n, interval=clopper_pearson(hits, n))


def run(context: AuditContext, selected: Sequence[Audit], budget: float = np.inf) -> Iterator[AuditResult]:
    """One result an audit, in their order. Each audit has its own meter and ``budget``.

    Raises:
        UnusableDataError: rows that no audit can use.
        NotApplicableError: an audit does not fit this kind of model or data at all.
    """
    check(context)
    for audit in selected:
        yield result(audit, context, budget)


def check(context: AuditContext) -> None:
    """Raises UnusableDataError for rows that no audit can use."""
    data.check(context.data.test, context.model.classes, "test")
    if context.data.train is not None:
        data.check(context.data.train, context.model.classes, "train")


def result(audit: Audit, context: AuditContext, budget: float = np.inf) -> AuditResult:
    """What one audit says, with its own meter. Raises NotApplicableError."""
    started, seconds = time.monotonic(), context.effort.seconds
    model = MeteredModel(context.model, budget=budget, until=started + _GRACE * seconds)
    try:
        if not model.access.allows(audit.needs):
            raise AuditError(f"needs access to {audit.needs}, has {model.access}")
        few = context.data.test.x[:64]
        first = None if audit.takes_chance else _answers(model, few)
        wavering = "" if first is None else _wavering(first, _answers(model, few))
        found = audit.run(replace(context, model=model, until=started + seconds))
        if found.outcome is Outcome.WITHSTOOD and first is not None and not wavering:
            with suppress(BudgetSpentError):  # it may have been replaced, or begun to answer by chance
                wavering = _wavering(first, _answers(model, few))
        if wavering:
            found = msgspec.structs.replace(found, untested=(f"Answers by chance: {wavering}.", *found.untested))
        if doubt := supported(found, wavering):
            found = msgspec.structs.replace(found, outcome=Outcome.INCONCLUSIVE, reason=f"{doubt}: {found.reason}")
    except NotApplicableError:
        raise
    except BartizanError as error:
        late = audit.instead if isinstance(error, TimeSpentError) else ""
        reason = str(BartizanError(error.cause, ", or ".join(filter(None, (error.hint, late)))))
        found = AuditResult(
            audit=audit.id, title=audit.title, threat=audit.threat, outcome=Outcome.INCONCLUSIVE, reason=reason
        )
    return msgspec.structs.replace(
        found,
        access=str(min((model.access, audit.needs), key=list(Access).index)) if not found.access else found.access,
        seed=context.seed,
        queries=model.queries,
        gradients=model.gradients,
        seconds=round(time.monotonic() - started, 3),
    )


def _answers(model: MeteredModel, x: Floats) -> Floats | Labels:
    return model.predict_proba(x) if model.access.allows(Access.SCORES) else model.predict_label(x)


def _wavering(first: Floats | Labels, again: Floats | Labels) -> str:
    """How answers to the same rows differ between two questions; empty where they do not.

    Raises:
        AuditError: the classes differ.
    """
    scores = first.ndim == 2
    if not (np.array_equal(first.argmax(axis=1), again.argmax(axis=1)) if scores else np.array_equal(first, again)):
        raise AuditError("the model answers the same rows with different classes: no figure would mean anything")
    apart = float(np.abs(first - again).max(initial=0))
    return f"the same rows get scores that differ by up to {apart:.2g}" if apart > _STEADY else ""
