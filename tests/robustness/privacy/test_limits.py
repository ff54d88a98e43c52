"""Output limits answer less, and attacks that know of them still find members."""

from __future__ import annotations

import numpy as np
import pytest

from bartizan.robustness.errors import NotOfferedError
from bartizan.robustness.interface import Access, Floats, Labels
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.base import BaseModel
from bartizan.robustness.models.parzen import ParzenTrainer
from bartizan.robustness.privacy.labels import Steadiness, calibrated, correct
from bartizan.robustness.privacy.limits import LabelModel, RoundedModel, TopModel
from bartizan.robustness.privacy.neighbours import Neighbours
from bartizan.robustness.privacy.roc import roc
from bartizan.robustness.privacy.signals import confidence, negative_entropy

rng = np.random.default_rng(2)
CENTRES = rng.normal(size=(3, 10))


def rows(n: int) -> tuple[Floats, Labels]:
    y = rng.integers(0, 3, n)
    return CENTRES[y] + 2.5 * rng.normal(size=(n, 10)), y


class Fixed(BaseModel):
    """Answers what it holds."""

    def __init__(self, p: Floats) -> None:
        super().__init__("fixed", (1,), p.shape[1])
        self._p = p

    def predict_proba(self, x: Floats, /) -> Floats:
        return self._p[: len(x)]


def test_rounded_answers_are_probabilities_and_few() -> None:
    p = rng.dirichlet(np.ones(4), 5000)
    found = MeteredModel(RoundedModel(Fixed(p), 1)).predict_proba(np.zeros((5000, 1)))
    assert len(np.unique(found, axis=0)) <= len(np.unique(p.round(1), axis=0)) < 1000
    assert np.abs(found - p).max() < 0.2
    nothing = RoundedModel(Fixed(np.full((2, 25), 0.04)), 1).predict_proba(np.zeros((2, 1)))
    assert nothing == pytest.approx(np.full((2, 25), 0.04))


def test_the_top_class_alone_says_one_number() -> None:
    p = rng.dirichlet(np.ones(4), 100)
    found = MeteredModel(TopModel(Fixed(p))).predict_proba(np.zeros((100, 1)))
    assert found.max(axis=1) == pytest.approx(np.maximum(p.max(axis=1), (1 - p.max(axis=1)) / 3))
    assert all(len(set(row.round(12))) <= 2 for row in found)


def test_labels_alone_refuse_everything_else() -> None:
    model = LabelModel(Fixed(np.eye(3)))
    assert model.access is Access.LABELS
    assert model.predict_label(np.zeros((3, 1))).tolist() == [0, 1, 2]
    for asked in (model.predict_proba, model.logits, model.features):
        with pytest.raises(NotOfferedError):
            asked(np.zeros((3, 1)))


def test_labels_give_members_away_although_scores_are_hidden() -> None:
    x, y = rows(300)
    member = np.arange(300) < 150
    trainer = ParzenTrainer(x, 3)
    model = LabelModel(trainer.fit(x[member], y[member], 0))
    steady = Steadiness(copies=2)
    keep = np.asarray([rng.random(300) < 0.5 for _ in range(8)])
    shadows = np.asarray([steady(trainer.fit(x[mask], y[mask], 0), x, y) for mask in keep])
    found = steady(model, x, y)
    areas = [roc(scores, member).auc()[0] for scores in (correct(model, x, y), found, calibrated(found, shadows, keep))]
    assert 0.55 < areas[0] < areas[1] < areas[2]


def test_signals_without_other_models_see_what_is_remembered() -> None:
    x, y = rows(400)
    member = np.arange(400) < 200
    model = ParzenTrainer(x, 3).fit(x[member], y[member], 0)
    for signal in (confidence, negative_entropy, Neighbours()):
        assert roc(signal(model, x, y), member).auc()[1][0] > 0.6


def test_modified_entropy_is_the_papers() -> None:
    p = np.array([[0.7, 0.2, 0.1], [0.05, 0.9, 0.05]])
    y = np.array([0, 2])
    expected = [
        -(-(1 - row[label]) * np.log(row[label]) - sum(q * np.log(1 - q) for i, q in enumerate(row) if i != label))
        for row, label in zip(p, y, strict=True)
    ]
    assert negative_entropy(Fixed(p), np.zeros((2, 1)), y) == pytest.approx(expected)
