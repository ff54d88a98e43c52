"""Linear models are stolen to the last digit, from scores and from labels, and others are not called stolen."""

from __future__ import annotations

import numpy as np
import pytest

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.audits.extraction_equation import _fidelity
from bartizan.robustness.errors import AuditError, BudgetSpentError
from bartizan.robustness.extraction import linear
from bartizan.robustness.extraction.limits import LabelOnly, Rounded, TopScore
from bartizan.robustness.extraction.setting import setting
from bartizan.robustness.interface import AuditContext, AuditData, Floats, ModelUnderTest, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.sklearn import DenseModel
from bartizan.robustness.runner import chosen, run


def softmax_linear(features: int, classes: int, seed: int = 0) -> DenseModel:
    rng = np.random.default_rng(seed)
    return DenseModel(
        [rng.normal(size=(features, classes))], [rng.normal(size=classes)], "identity", (features,), name="linear"
    )


def rows(count: int, features: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, features))


def audited(model: ModelUnderTest, audit: str, count: int = 400, **options: str) -> AuditResult:
    x = rows(count, model.shape[0], 5)
    data = AuditData(None, Samples(x, model.predict_label(x)))
    (found,) = run(AuditContext(model, data, options=options), chosen(ids=[audit]))
    return found


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_as_many_scores_as_unknowns_give_the_weights(classes: int) -> None:
    model = MeteredModel(softmax_linear(12, classes), budget=13)
    stolen = linear.from_scores(model, rows(13, 12))
    true = softmax_linear(12, classes)
    assert stolen.weights == pytest.approx(true.weights[0] - true.weights[0][:, :1], abs=1e-9)
    assert stolen.bias == pytest.approx(true.biases[0] - true.biases[0][0], abs=1e-9)
    with pytest.raises(AuditError, match="13 are needed"):
        linear.from_scores(softmax_linear(12, classes), rows(12, 12))
    with pytest.raises(AuditError, match="span"):
        linear.from_scores(softmax_linear(12, classes), np.repeat(rows(5, 12), 4, axis=0))


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_labels_give_the_weights_up_to_one_factor(classes: int) -> None:
    true = softmax_linear(6, classes, seed=4)
    model = LabelOnly(true)
    stolen, boundary = linear.from_labels(model, rows(200, 6), 4 * 7 * (classes - 1), 45, np.random.default_rng(2))
    others = rows(3000, 6, 9)
    assert (stolen.model(model).predict_label(others) == true.predict_label(others)).mean() > 0.999
    wanted = (true.weights[0] - true.weights[0][:, :1]).ravel()
    got = stolen.weights.ravel()
    assert abs(wanted @ got) / np.linalg.norm(wanted) / np.linalg.norm(got) == pytest.approx(1, abs=1e-6)
    top = np.sort(true.logits(boundary), axis=1)
    assert (top[:, -1] - top[:, -2]).max() < 1e-9


def test_a_rare_class_does_not_spoil_the_others() -> None:
    true = softmax_linear(6, 5)
    model, others = LabelOnly(true), rows(3000, 6, 9)
    labels = true.predict_label(others)
    assert 0 < (labels == 0).mean() < 0.02
    stolen, _ = linear.from_labels(model, rows(200, 6), 600, 45, np.random.default_rng(2))
    found = stolen.model(model).predict_label(others)
    assert (found == labels)[labels != 0].mean() > 0.999


def test_labels_of_one_class_show_no_boundary() -> None:
    model = DenseModel([np.zeros((4, 2))], [np.array([1.0, 0.0])], "identity", (4,))
    with pytest.raises(AuditError, match="no boundary"):
        linear.from_labels(model, rows(50, 4), 20, 40, np.random.default_rng(0))


def test_limits_keep_labels_and_sums() -> None:
    model = softmax_linear(5, 40)
    x = rows(300, 5)
    for limited in (Rounded(model, 1), Rounded(model, 2), TopScore(model, 1)):
        scores = MeteredModel(limited).predict_proba(x)
        assert (scores >= 0).all()
        assert scores.sum(axis=1) == pytest.approx(1)
        assert (limited.predict_label(x) == model.predict_label(x)).all()
    assert len(np.unique(np.round(Rounded(model, 1).predict_proba(x), 12))) < 20


def test_the_audit_tells_linear_from_other_models() -> None:
    found = audited(softmax_linear(8, 3), "extraction.equation")
    assert found.outcome is Outcome.WEAK
    measures = {one.name: one for one in found.measures}
    assert measures["largest_error_of_scores"].value < 1e-9
    assert measures["fidelity"].interval is not None
    assert measures["fidelity_rounded_2_adaptive"].value >= measures["fidelity_rounded_2"].value
    assert found.control is not None
    assert found.control.succeeded

    rng = np.random.default_rng(3)
    bent = DenseModel(
        [2 * rng.normal(size=(8, 30)), rng.normal(size=(30, 3))], [rng.normal(size=30), np.zeros(3)], "tanh", (8,)
    )
    assert audited(bent, "extraction.equation").outcome is Outcome.WITHSTOOD
    assert audited(LabelOnly(bent), "extraction.equation").outcome is Outcome.WITHSTOOD
    assert audited(LabelOnly(softmax_linear(8, 3)), "extraction.equation").outcome is Outcome.WEAK


def test_too_few_rows_are_no_reassurance() -> None:
    assert audited(softmax_linear(8, 3), "extraction.equation", count=90).outcome is Outcome.INCONCLUSIVE


def test_a_linear_model_with_one_common_class_is_not_called_bent() -> None:
    linear_ = softmax_linear(8, 2)
    logits = linear_.logits(rows(400, 8, 5))
    linear_.biases[0][1] -= np.quantile(logits[:, 1] - logits[:, 0], 0.985)
    found = audited(linear_, "extraction.equation")
    assert found.baselines[0].measure.value > 0.95
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "use more rows" in found.reason


def test_a_spent_budget_is_no_failed_attack() -> None:
    model, x = softmax_linear(8, 3), rows(400, 8, 5)
    context = AuditContext(model, AuditData(None, Samples(x, model.predict_label(x))))
    with pytest.raises(BudgetSpentError):
        _fidelity(MeteredModel(model, budget=8), x[:9], setting(context), model)
