"""The audits of L∞ and L2: what they say of weak and strong models, and when they refuse to say anything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Access, AuditContext, AuditData, Effort, ModelUnderTest, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.sklearn import DenseModel, from_estimator
from bartizan.robustness.runner import chosen, run

X, Y = load_digits(return_X_y=True)
X = X / 16
DATA = AuditData(Samples(X[:1200], Y[:1200]), Samples(X[1200:], Y[1200:]))
EFFORT = Effort(samples=150, queries=200, steps=20)


@pytest.fixture(scope="module")
def network() -> ModelUnderTest:
    fitted = MLPClassifier((32,), max_iter=60, random_state=0).fit(X[:1200], Y[:1200])
    return from_estimator(fitted, (64,), 10, (0.0, 1.0), "digits")


def one(model: ModelUnderTest, audit: str, **more: object) -> AuditResult:
    context = AuditContext(model, DATA, effort=EFFORT)
    (found,) = run(replace(context, **more), chosen(ids=[audit]))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(("audit", "radius"), [("evasion.linf", "0.15"), ("evasion.l2", "1")])
def test_an_ordinary_network_is_weak(network: ModelUnderTest, audit: str, radius: str) -> None:
    found = one(network, audit, options={"epsilon": radius})
    figures = {measure.name: measure for measure in found.measures}
    assert found.outcome is Outcome.WEAK
    assert figures["robust_accuracy"].value < 0.3 < 0.85 < figures["accuracy"].value
    assert figures["robust_accuracy"].n == 150
    assert found.baselines[0].measure.value > 0.8
    assert found.control is not None
    assert found.control.succeeded
    assert found.settings["epsilon"] == radius
    assert any("upper bound" in one for one in found.untested)
    assert found.gradients > 0
    (curve,) = found.curves
    assert list(curve.x) == sorted(curve.x)
    assert curve.y[0] > curve.y[-1]


def test_scores_alone_are_enough(network: ModelUnderTest) -> None:
    meter = MeteredModel(network, Access.SCORES)
    found = one(meter, "evasion.linf", options={"epsilon": "0.25"})
    assert found.outcome is Outcome.WEAK
    assert found.gradients == 0
    assert "NIST-AI-100-2-e2025:NISTAML.025" in found.techniques
    forest = from_estimator(RandomForestClassifier(20, random_state=0).fit(X[:1200], Y[:1200]), (64,), 10, (0.0, 1.0))
    assert one(forest, "evasion.linf", options={"epsilon": "0.3"}).outcome is Outcome.WEAK


def test_pictures_show_the_change(network: ModelUnderTest) -> None:
    assert isinstance(network, DenseModel)
    shaped = DenseModel(network.weights, network.biases, "relu", (1, 8, 8), (0.0, 1.0))
    data = AuditData(None, Samples(X[1200:].reshape(-1, 1, 8, 8), Y[1200:]))
    found = one(shaped, "evasion.linf", data=data, options={"epsilon": "0.2"})
    assert [picture.caption.split(",")[0] for picture in found.pictures[:3]] == ["original", "perturbed", "difference"]
    assert all(len(picture.pixels) == 64 for picture in found.pictures)


def test_no_reassurance_where_the_control_fails_or_rows_are_few(network: ModelUnderTest) -> None:
    tiny = one(network, "evasion.linf", options={"epsilon": "1e-5"})
    assert tiny.outcome is Outcome.INCONCLUSIVE
    assert "weak model" in tiny.reason
    few = one(network, "evasion.linf", effort=replace(EFFORT, samples=20))
    assert few.outcome is Outcome.INCONCLUSIVE
    assert "needed" in few.reason


def test_a_model_that_withstands_is_said_to_with_its_control() -> None:
    labels = (np.arange(400) % 2).astype(np.int64)
    apart = np.zeros((400, 64))
    apart[labels == 1, 1:] = 1.0
    apart[labels == 1, 0] = 0.1
    fitted = LogisticRegression().fit(apart, labels)
    model = from_estimator(fitted, (64,), 2, (0.0, 1.0), "wide margin")
    first = np.zeros((64, 2))
    first[0] = [-1, 1]
    weak = DenseModel([first], [np.array([0.05, -0.05])], "identity", (64,), (0.0, 1.0), "one column")
    data = AuditData(None, Samples(apart, labels))
    found = one(model, "evasion.linf", data=data, weak=weak, options={"epsilon": "0.2"})
    assert found.outcome is Outcome.WITHSTOOD
    assert found.control is not None
    assert found.control.measure.value == 1
    assert found.measures[1].interval is not None
    assert found.measures[1].interval[0] > 0.9


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"options": {"epsilom": "1"}}, "no option epsilom"),
        ({"options": {"epsilon": "much"}}, "is no number"),
        ({"options": {"epsilon": "-1"}}, "nothing to attack"),
        ({"options": {"mark": "2"}}, "is no share"),
        ({"data": AuditData(None, Samples(X * 16, Y))}, "outside the legal values"),
        ({"effort": replace(EFFORT, seconds=1e-9)}, "cut short"),
    ],
)
def test_inconclusive_with_a_reason(network: ModelUnderTest, more: dict[str, object], said: str) -> None:
    found = one(network, "evasion.linf", **more)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert said in found.reason


def test_masking_cannot_be_judged_without_gradients(network: ModelUnderTest) -> None:
    found = one(MeteredModel(network, Access.SCORES), "evasion.masking")
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "needs access to gradients" in found.reason


def test_an_unknown_audit_is_refused() -> None:
    with pytest.raises(AuditError):
        chosen(ids=["evasion.l7"])
