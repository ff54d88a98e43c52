"""Adapters: gradients are those of finite differences, and answers that are none are refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from bartizan.robustness.errors import BudgetSpentError, NotOfferedError, UnusableDataError, UnusableModelError
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest
from bartizan.robustness.losses import CrossEntropy, Margin, margin
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.base import BaseModel
from bartizan.robustness.models.sklearn import from_estimator

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 6))
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int64) + (X[:, 2] > 0.8)


def fitted(estimator: object, classes: int = 3) -> ModelUnderTest:
    y = np.minimum(Y, classes - 1)
    return from_estimator(estimator.fit(X, y), (6,), classes)  # type: ignore[attr-defined]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity", "linear model"])
@pytest.mark.parametrize("loss", [CrossEntropy, Margin])
def test_gradients_are_those_of_finite_differences(
    classes: int, activation: str, loss: type[CrossEntropy] | type[Margin]
) -> None:
    estimator = (
        LogisticRegression()
        if activation == "linear model"
        else MLPClassifier((9, 7), activation=activation, max_iter=60, random_state=0, solver="lbfgs")
    )
    model = fitted(estimator, classes)
    x, y = X[:8], np.minimum(Y[:8], classes - 1)
    one = loss(y)
    _, gradient = model.loss_grad(x, one.slope)
    step = 1e-6
    for column in range(6):
        shift = np.zeros(6)
        shift[column] = step
        slope = (one.value(model.logits(x + shift)) - one.value(model.logits(x - shift))) / (2 * step)
        assert gradient[:, column] == pytest.approx(slope, abs=1e-4, rel=1e-4)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", [LogisticRegression, MLPClassifier, RandomForestClassifier])
def test_probabilities_are_the_estimators(classes: int, kind: type) -> None:
    estimator = kind(random_state=0)
    model = fitted(estimator, classes)
    assert model.predict_proba(X) == pytest.approx(estimator.predict_proba(X), abs=1e-9)
    assert (model.predict_label(X) == estimator.predict(X)).all()
    assert model.digest.startswith("sha256:") or kind is RandomForestClassifier


def test_a_class_never_seen_has_no_probability() -> None:
    model = from_estimator(RandomForestClassifier(5).fit(X, np.where(Y == 1, 2, 0)), (6,), 3)
    assert (model.predict_proba(X)[:, 1] == 0).all()
    assert np.isfinite(model.logits(X)).all()


def test_margin_is_negative_exactly_where_the_row_is_wrong() -> None:
    model = fitted(LogisticRegression())
    assert ((margin(model.logits(X), Y) < 0) == (model.predict_label(X) != Y)).all()


def test_the_meter_counts_and_stops() -> None:
    model = MeteredModel(fitted(LogisticRegression()), budget=25)
    model.predict_proba(X[:10])
    model.loss_grad(X[:10], CrossEntropy(Y[:10]).slope)
    assert (model.queries, model.gradients) == (20, 10)
    with pytest.raises(BudgetSpentError):
        model.predict_label(X[:6])
    assert model.queries == 20


def test_less_access_than_offered_is_kept_and_more_refused() -> None:
    model = MeteredModel(fitted(LogisticRegression()), Access.LABELS)
    assert len(model.predict_label(X)) == 200
    for asked in (model.predict_proba, model.logits, model.features):
        with pytest.raises(NotOfferedError):
            asked(X)
    with pytest.raises(NotOfferedError):
        MeteredModel(fitted(RandomForestClassifier(5)), Access.GRADIENTS)


class Odd(BaseModel):
    """Answers what it is told to."""

    def __init__(self, scores: Floats, labels: Labels) -> None:
        super().__init__("odd", (6,), 3)
        self._scores, self._labels = scores, labels

    def predict_proba(self, x: Floats, /) -> Floats:
        return self._scores

    def logits(self, x: Floats, /) -> Floats:
        return self._scores

    def predict_label(self, x: Floats, /) -> Labels:
        return self._labels


@pytest.mark.parametrize(
    "scores", [np.full((4, 3), np.nan), np.full((4, 3), 0.5), np.full((4, 2), 0.5), np.full((3, 3), 1 / 3)]
)
def test_answers_that_are_no_probabilities_are_refused(scores: Floats) -> None:
    with pytest.raises(UnusableModelError):
        MeteredModel(Odd(scores, np.zeros(4, int))).predict_proba(X[:4])


@pytest.mark.parametrize("labels", [np.full(4, 3), np.full(4, -1), np.zeros(3, int)])
def test_classes_that_do_not_exist_are_refused(labels: Labels) -> None:
    with pytest.raises(UnusableModelError):
        MeteredModel(Odd(np.zeros((4, 3)), labels)).predict_label(X[:4])


def test_rows_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(UnusableDataError):
        MeteredModel(fitted(LogisticRegression())).predict_label(X[:, :5])
