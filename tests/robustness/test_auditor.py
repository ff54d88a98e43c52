"""Whole runs: what does not fit is named, and what cannot be said is inconclusive."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from bartizan.core.threat import Threat
from bartizan.reporting.audit import ModelAudit, Outcome
from bartizan.robustness.auditor import Auditor
from bartizan.robustness.errors import AuditError, NotApplicableError
from bartizan.robustness.evasion.brittle import brittle
from bartizan.robustness.gallery.recipes import recipe
from bartizan.robustness.interface import Access, AuditContext, AuditData, Effort, Floats, Labels, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.base import BaseModel
from bartizan.robustness.runner import known

SMALL = Effort(samples=60, queries=60, steps=10, shadows=2, seconds=20, workers=1)


@lru_cache
def digits() -> AuditData:
    return recipe("digits-regularised").rows()


def audited(*audits: str, access: Access | None = None, **options: str) -> ModelAudit:
    one = recipe("digits-regularised")
    auditor = Auditor(audits=audits, access=access, effort=SMALL, options=options)
    return auditor.audit(one.train(digits()), digits(), one.trainer(), named="digits")


def test_a_radius_at_which_honest_models_hold_has_a_control_that_is_weak_by_construction() -> None:
    (result,) = audited("evasion.linf", epsilon="0.01").results
    assert result.outcome is Outcome.WITHSTOOD, result.reason
    assert result.control is not None
    assert "differ least" in result.control.what
    assert result.control.measure.value > 0.9


def test_the_brittle_model_uses_two_classes_about_equally() -> None:
    model = brittle(AuditContext(MeteredModel(recipe("digits-regularised").train(digits())), digits()))
    counts = np.bincount(model.predict_label(digits().test.x), minlength=10)
    assert counts[2:].sum() == 0
    assert counts[:2].min() > 0.4 * counts.sum()


def test_what_needs_more_access_or_other_rows_is_named_and_not_run() -> None:
    report = Auditor([Threat.DATA_LEAKAGE], effort=SMALL, access=Access.LABELS).audit(
        recipe("digits-regularised").train(digits()), digits()
    )
    assert "needs access to scores" in report.skipped["membership.lira"]
    assert {one.audit for one in report.results} == {"membership.labels"}
    with pytest.raises(NotApplicableError, match="no table"):
        audited("attribute.inference")


class Fickle(BaseModel):
    """Answers the same rows differently each time."""

    def __init__(self) -> None:
        super().__init__("fickle", (1, 8, 8), 10, (0, 1))
        self._chance = np.random.default_rng(0)

    def predict_proba(self, x: Floats, /) -> Floats:
        return self._chance.dirichlet(np.ones(10), len(x))


class Constant(BaseModel):
    """Always the same answer."""

    def predict_proba(self, x: Floats, /) -> Floats:
        return np.tile(np.eye(10)[3], (len(x), 1))


@pytest.mark.parametrize("model", [Fickle(), Constant("constant", (1, 8, 8), 10, (0, 1))])
@pytest.mark.parametrize("one", [name for name, audit in known().items() if audit.needs is not Access.GRADIENTS])
def test_a_model_that_says_nothing_is_never_said_to_withstand(model: BaseModel, one: str) -> None:
    try:
        report = Auditor(audits=[one], effort=SMALL).audit(model, digits())
    except NotApplicableError:
        return
    if isinstance(model, Fickle) and getattr(known()[one], "takes_chance", False):
        return
    assert report.results[0].outcome is not Outcome.WITHSTOOD, report.results[0].reason


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [(np.full((4, 1, 8, 8), np.nan), np.arange(4), "NaN"), (np.zeros((4, 1, 8, 8)), np.full(4, 3), "label 3")],
)
def test_rows_that_no_audit_can_use_end_the_run(x: Floats, y: Labels, said: str) -> None:
    with pytest.raises(AuditError, match=said):
        Auditor(effort=SMALL).audit(recipe("digits-regularised").train(digits()), AuditData(None, Samples(x, y)))


def test_an_audit_of_a_defence_runs_only_when_it_is_named() -> None:
    one = recipe("digits-regularised")
    report = Auditor([Threat.DATA_POISONING], effort=SMALL).audit(one.train(digits()), digits())  # without a trainer
    assert "by name" in report.skipped["poisoning.strip"]
    (named,) = audited("poisoning.strip").results
    assert named.audit == "poisoning.strip"


def test_an_audit_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(AuditError, match=r"evasion\.linf"):
        audited("evasion.nothing")
