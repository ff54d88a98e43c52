"""Certificates equal the formula; where the truth is known in closed form, they hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binomtest, norm

from bartizan.reporting.audit import Outcome
from bartizan.robustness.defences.smoothing import ABSTAIN, Smoothed, certify, lower_bound, radius
from bartizan.robustness.errors import AuditError
from bartizan.robustness.evasion.ball import Norm, ball_for
from bartizan.robustness.evasion.fab import fab_targeted
from bartizan.robustness.interface import AuditContext, AuditData, Effort, Samples
from bartizan.robustness.models.sklearn import DenseModel
from bartizan.robustness.runner import chosen, run

rng = np.random.default_rng(0)
WEIGHTS = rng.normal(size=8)
WEIGHTS /= np.sqrt((WEIGHTS**2).sum())
LINEAR = DenseModel([np.stack([-WEIGHTS, WEIGHTS], 1)], [np.zeros(2)], "identity", (8,))
X = rng.normal(size=(40, 8))
Y = LINEAR.predict_label(X)


@given(st.integers(1, 100_000), st.data(), st.sampled_from([0.001, 0.01, 0.05]), st.floats(0.05, 2))
@settings(max_examples=150, deadline=None)
def test_bounds_and_radii_are_those_of_the_formula(votes: int, data: st.DataObject, alpha: float, sigma: float) -> None:
    hits = data.draw(st.integers(0, votes))
    expected = 0.0 if hits == 0 else float(beta.ppf(alpha, hits, votes - hits + 1))
    found = lower_bound(hits, votes, alpha)
    assert found == pytest.approx(expected, abs=1e-9)
    if expected > 0.5:
        assert radius(found, sigma) == pytest.approx(sigma * norm.ppf(expected), abs=1e-9)


def test_the_bound_is_that_of_the_binomial_test() -> None:
    interval = binomtest(990, 1_000, alternative="greater").proportion_ci(0.999, "exact")
    assert lower_bound(990, 1_000, 0.001) == pytest.approx(interval.low, abs=1e-9)


def test_certificates_of_a_linear_model_never_reach_past_its_boundary_and_come_near_it() -> None:
    found = certify(LINEAR, X, 0.5, 0, votes=20_000)
    true = np.abs(X @ WEIGHTS)
    sure = found.label != ABSTAIN
    assert (found.label == Y)[sure].all()
    assert (found.radius <= true + 1e-9).all()
    within = sure & (true < 1)  # the votes bound what can be certified: 20,000 of 20,000 give 1.7 at this noise
    assert np.median(true[within] - found.radius[within]) < 0.05
    edge = fab_targeted(LINEAR.loss_grad, X, Y, 1 - Y, ball_for(LINEAR, Norm.L2, 9.0), 5)
    assert (found.radius[sure] <= np.sqrt(((edge - X) ** 2).sum(1))[sure] + 1e-6).all()


def test_undecided_votes_abstain() -> None:
    on_edge = X - (X @ WEIGHTS)[:, None] * WEIGHTS
    found = certify(LINEAR, on_edge, 0.5, 0)
    assert (found.label == ABSTAIN).all()
    assert (found.radius == 0).all()


def test_equal_rows_get_equal_answers() -> None:
    model = Smoothed(LINEAR, 0.5, 50)
    assert np.array_equal(model.predict_proba(X), model.predict_proba(X))
    assert (model.predict_label(X) == Y).mean() > 0.8


@pytest.mark.parametrize(
    "how", [{"sigma": 0.0}, {"sigma": np.nan}, {"sigma": 1, "votes": 0}, {"sigma": 1, "alpha": 1.0}]
)
def test_what_certifies_nothing_is_refused(how: dict[str, float]) -> None:
    with pytest.raises(AuditError):
        certify(LINEAR, X, seed=0, **how)  # type: ignore[arg-type]


def test_the_audit_says_what_is_certified_and_what_an_attack_finds() -> None:
    context = AuditContext(
        LINEAR,
        AuditData(None, Samples(X * 2, Y)),
        effort=Effort(samples=40),
        options={"epsilon": "0.3", "sigma": "0.4"},
    )
    (found,) = run(context, chosen(ids=["evasion.certificate"]))
    figures = {one.name: one for one in found.measures}
    assert figures["certified_accuracy"].value == pytest.approx((np.abs(2 * X @ WEIGHTS) > 0.35).mean(), abs=0.1)
    assert figures["certified_accuracy"].n == 40
    assert found.control is not None
    assert found.control.succeeded
    assert "stripes" in found.control.what
    low, _ = figures["certified_accuracy"].interval or (0, 0)
    assert found.outcome is (Outcome.WITHSTOOD if low >= 0.5 else Outcome.INCONCLUSIVE)
    between = (low + figures["certified_accuracy"].value) / 2
    narrow = context.options | {"mark": f"{between}", "rows": "35"}
    (more,) = run(replace(context, options=narrow), chosen(ids=[found.audit]))
    assert {one.n for one in more.measures if one.name == "certified_accuracy"} == {35}
    assert more.outcome is Outcome.INCONCLUSIVE
    assert "use more rows" in more.reason
    assert list(found.curves[0].y) == sorted(found.curves[0].y, reverse=True)


def test_too_few_certificates_say_nothing_and_time_ends_them() -> None:
    context = AuditContext(LINEAR, AuditData(None, Samples(X, Y)), effort=Effort(samples=40), options={"epsilon": "2"})
    (found,) = run(context, chosen(ids=["evasion.certificate"]))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "nothing about attacks" in found.reason
    (late,) = run(replace(context, effort=Effort(samples=40, seconds=1e-9)), chosen(ids=["evasion.certificate"]))
    assert "time for this audit is over" in late.reason
