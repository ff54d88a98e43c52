"""Copies get closer with queries; each strategy asks what it says; figures stand on rows that nobody trained on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.audits.extraction_surrogate import _all
from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction import queries
from bartizan.robustness.extraction.limits import LabelOnly
from bartizan.robustness.extraction.queries import Bandit, Pool
from bartizan.robustness.extraction.scaled import ScaledTrainer
from bartizan.robustness.extraction.setting import setting
from bartizan.robustness.extraction.surrogate import Strategy, as_labels, fitted, steal
from bartizan.robustness.interface import Access, AuditContext, AuditData, Effort, Floats, ModelUnderTest, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.sklearn import DenseModel
from bartizan.robustness.runner import chosen, run

rng = np.random.default_rng(0)
W = rng.normal(size=(6, 4))
VICTIM = DenseModel([W * 2], [np.zeros(4)], "identity", (6,), (-4.0, 4.0), "victim")
X = np.clip(rng.normal(size=(600, 6)), -4, 4)
POOL = Pool(X[:300], VICTIM.predict_label(X[:300]), np.array(-4.0), np.array(4.0))


def logistic(seed: int) -> Any:
    return LogisticRegression(max_iter=100, random_state=seed)


TRAINER = ScaledTrainer(logistic, VICTIM, "logistic")


def judge(copy: ModelUnderTest) -> tuple[float, float, int]:
    fidelity = float((copy.predict_label(X[300:]) == VICTIM.predict_label(X[300:])).mean())
    return fidelity, fidelity, 300


@pytest.mark.parametrize("strategy", list(Strategy))
def test_each_strategy_asks_within_budget_and_learns(strategy: Strategy) -> None:
    model = MeteredModel(VICTIM, budget=240)
    found = steal(model, TRAINER, POOL, strategy, [20, 80, 240], judge, Access.SCORES, 3)
    assert model.queries == len(found.asked) == 240
    assert [point.queries for point in found.points] == [20, 80, 240]
    assert found.points[-1].fidelity > 0.9
    assert found.points[-1].fidelity >= found.points[0].fidelity - 0.02
    assert (np.abs(found.asked) <= 4).all()
    again = steal(VICTIM, TRAINER, POOL, strategy, [20, 80, 240], judge, Access.SCORES, 3)
    assert (again.asked == found.asked).all(), "one seed, one stream"


def test_the_pool_is_never_asked_twice_and_ends() -> None:
    found = steal(VICTIM, TRAINER, POOL, Strategy.KNOCKOFF, [200, 500, 900], judge, Access.LABELS, 0)
    assert len(found.asked) == len(np.unique(found.asked, axis=0)) == 300
    assert [point.queries for point in found.points] == [200, 300]


def test_uncertain_rows_lie_nearer_the_boundary() -> None:
    chosen_ = queries.uncertain(VICTIM, X, np.arange(300), 30)
    ordered = np.sort(VICTIM.predict_proba(X), axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    assert margins[chosen_].max() <= np.delete(margins[:300], chosen_).min()


def test_augmentation_steps_along_the_signs_of_the_jacobian() -> None:
    labels = VICTIM.predict_label(X[:300])
    new = queries.jacobian(VICTIM, X[:300] * 0.2, labels, 0.01, POOL, np.random.default_rng(0), 50)
    nearest = np.abs(new[:, None] - 0.2 * X[None, :300]).max(axis=2).min(axis=1)
    assert nearest == pytest.approx(0.08)


def test_the_bandit_prefers_groups_with_better_answers() -> None:
    groups = np.repeat([0, 1], 500)
    bandit = Bandit(groups, np.random.default_rng(0))
    for _ in range(40):
        rows = bandit.choose(np.arange(1000), 20)
        bandit.learn(rows, np.where(groups[rows, None] == 1, [0.98, 0.02], [0.5, 0.5]))
    assert groups[bandit.choose(np.arange(1000), 200)].mean() > 0.8


def test_scores_become_labels_in_their_proportion() -> None:
    scores = np.array([[0.75, 0.25, 0.0], [0.34, 0.33, 0.33], [0.0, 0.0, 1.0]])
    counts = np.array([np.bincount(row, minlength=3) for row in as_labels(scores)])
    assert counts.tolist() == [[3, 1, 0], [2, 1, 1], [0, 0, 4]]


def test_scores_teach_more_than_labels() -> None:
    wide: Floats = X[:60] * np.array([1, 1e3, 1e-3, 10, 1, 1]) + 5
    scores = VICTIM.predict_proba(X[:60])
    asked = X[300:] * np.array([1, 1e3, 1e-3, 10, 1, 1]) + 5
    far = [
        np.abs(copy.predict_proba(asked) - VICTIM.predict_proba(X[300:])).mean()
        for copy in (fitted(TRAINER, wide, scores, 0), fitted(TRAINER, wide, np.eye(4)[scores.argmax(axis=1)], 0))
    ]
    assert far[0] < 0.6 * far[1]
    one_label = np.tile([0.6, 0.4, 0.0, 0.0], (60, 1))
    assert fitted(TRAINER, wide, one_label, 0).predict_proba(wide)[:, 0] == pytest.approx(0.6, abs=0.1)


def test_folding_the_scaling_changes_nothing() -> None:
    wide: Floats = X * np.array([1, 1e3, 1e-3, 10, 1, 1]) + 5
    y = VICTIM.predict_label(X)
    copy = TRAINER.fit(wide, y, 0)
    expected = logistic(0).fit((wide - wide.mean(axis=0)) / wide.std(axis=0), y)
    assert copy.predict_proba(wide) == pytest.approx(
        expected.predict_proba((wide - wide.mean(axis=0)) / wide.std(axis=0)), abs=1e-6
    )
    two = TRAINER.fit(wide, np.where(y == 3, 3, 1), 0)
    assert set(two.predict_label(wide)) == {1, 3}


def test_a_victim_with_one_answer_teaches_nothing() -> None:
    constant = DenseModel([np.zeros((6, 4))], [np.array([6.0, 0, 0, 0])], "identity", (6,), name="constant")
    with pytest.raises(AuditError, match="one class"):
        steal(constant, TRAINER, POOL, Strategy.POOL, [50], judge, Access.LABELS, 0)
    data = AuditData(None, Samples(X, VICTIM.predict_label(X)))
    (found,) = run(AuditContext(constant, data), chosen(ids=["extraction.surrogate"]))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "any copy is perfect" in found.reason


def test_the_audit_shows_curves_limits_and_what_needs_no_query() -> None:
    data = AuditData(None, Samples(X, VICTIM.predict_label(X)))
    context = AuditContext(VICTIM, data, trainer=TRAINER, options={"queries": "60"})
    (found,) = run(context, chosen(ids=["extraction.surrogate"]))
    assert found.outcome is Outcome.WEAK
    names = {one.name for one in found.measures}
    assert {f"fidelity_{one}" for one in Strategy} | {"fidelity_if_labels", "fidelity_if_rounded_1"} <= names
    assert all(one.interval for one in found.measures)
    assert len(found.curves) == len(Strategy)
    assert len(found.baselines) == 2
    (labels,) = run(
        AuditContext(LabelOnly(VICTIM), data, trainer=TRAINER, options={"queries": "60"}),
        chosen(ids=["extraction.surrogate"]),
    )
    assert labels.access == "labels"
    (refused,) = run(AuditContext(VICTIM, data, options={"queries": "-3"}), chosen(ids=["extraction.surrogate"]))
    assert refused.outcome is Outcome.INCONCLUSIVE


def surrogate(model: ModelUnderTest, count: int, **effort: float) -> AuditResult:
    x = np.clip(np.random.default_rng(5).normal(size=(count, 6)), -4, 4)
    data = AuditData(None, Samples(x, model.predict_label(x)))
    context = AuditContext(
        model,
        data,
        trainer=TRAINER,
        effort=Effort(**effort),
        options={"queries": "60"},  # type: ignore[arg-type]
    )
    (found,) = run(context, chosen(ids=["extraction.surrogate"]))
    return found


def bent_by(factor: float) -> DenseModel:
    made = np.random.default_rng(3)
    layers = [factor * made.normal(size=(6, 30)), made.normal(size=(30, 4))]
    return DenseModel(layers, [made.normal(size=30), np.zeros(4)], "tanh", (6,), name="bent")


def test_only_a_finished_attack_with_enough_rows_withstands() -> None:
    bent, nearly = bent_by(3), bent_by(0.7)
    found = surrogate(bent, 1200)
    assert found.outcome is Outcome.WITHSTOOD
    assert "from 60 queries" in found.reason
    cut = surrogate(bent, 1200, seconds=0.001)
    assert cut.outcome is Outcome.INCONCLUSIVE
    assert "cut short" in cut.reason
    scarce = surrogate(nearly, 110)
    assert scarce.outcome is Outcome.INCONCLUSIVE
    assert "use more rows" in scarce.reason


def test_a_spent_budget_is_said() -> None:
    context = AuditContext(VICTIM, AuditData(None, Samples(X, VICTIM.predict_label(X))))
    ground, spent = setting(context), MeteredModel(VICTIM, budget=100)
    thefts, skipped, short = _all(replace(context, model=spent), ground, TRAINER, [60], Access.SCORES, np.inf)
    assert len(thefts) == 1
    assert short
    assert all("left of the budget" in one for one in skipped)
