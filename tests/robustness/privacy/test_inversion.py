"""Inversion: drawings of a memorising model are training rows, those of a plain one are no better than averages."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.interface import Access, AuditContext, AuditData, Effort, ModelUnderTest, Samples
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.parzen import ParzenModel, ParzenTrainer
from bartizan.robustness.models.sklearn import from_estimator
from bartizan.robustness.privacy.inversion import by_gradient, by_scores
from bartizan.robustness.privacy.similarity import nearest, ssim
from bartizan.robustness.runner import chosen, run

rng = np.random.default_rng(0)
X, Y = load_digits(return_X_y=True)
X, Y = (X / 16).reshape(-1, 1, 8, 8), Y.astype(np.int64)
ORDER = rng.permutation(len(X))
DATA = AuditData(Samples(X[ORDER[:300]], Y[ORDER[:300]]), Samples(X[ORDER[300:]], Y[ORDER[300:]]))
assert DATA.train is not None
LINEAR = from_estimator(
    LogisticRegression(max_iter=200).fit(DATA.train.x.reshape(300, -1), DATA.train.y), (1, 8, 8), 10, (0.0, 1.0)
)
MEMORY = ParzenModel(DATA.train.x, DATA.train.y, 10, ParzenTrainer(DATA.train.x, 10, narrow=0.2).width)
MEMORY.bounds = LINEAR.bounds


def audited(model: ModelUnderTest, data: AuditData = DATA) -> AuditResult:
    (result,) = run(AuditContext(model, data, effort=Effort(queries=1_500)), chosen(ids=["inversion.class"]))
    return result


def test_gradients_of_a_memorising_model_lead_to_a_training_row() -> None:
    assert DATA.train is not None
    drawn = by_gradient(MEMORY, X.mean(axis=0), np.arange(10), 200)
    distance, where = nearest(drawn, DATA.train.x)
    assert distance.max() < 0.03
    assert (DATA.train.y[where] == np.arange(10)).all()


def test_scores_alone_climb_too_and_cost_what_was_allowed() -> None:
    model = MeteredModel(MEMORY, Access.SCORES)
    start = X.mean(axis=0)
    drawn = by_scores(model, start, np.arange(10), 1_000, 0)
    assert model.queries <= 10 * 1_000
    before = MEMORY.logits(np.repeat(start[None], 10, axis=0))[np.arange(10), np.arange(10)]
    assert (MEMORY.logits(drawn)[np.arange(10), np.arange(10)] > before).all()


def test_a_memorising_model_is_found_and_shown() -> None:
    result = audited(MEMORY)
    assert result.outcome is Outcome.WEAK
    assert result.control is not None
    assert len(result.pictures) >= 30
    assert all(len(one.pixels) == 64 for one in result.pictures)
    assert audited(MeteredModel(MEMORY, Access.SCORES)).access == Access.SCORES


def test_a_linear_model_draws_nothing_better_than_averages() -> None:
    result = audited(LINEAR)
    assert result.outcome is Outcome.WITHSTOOD
    values = {measure.name: measure.value for measure in result.measures}
    assert values["gradient/likeness"] < values["average/likeness"]


@pytest.mark.parametrize("data", [AuditData(None, DATA.test), AuditData(DATA.train, DATA.test[DATA.test.y < 4])])
def test_what_cannot_be_said_is_inconclusive(data: AuditData) -> None:
    result = audited(LINEAR, data)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "training rows" in result.reason or "4 classes" in result.reason


def test_similarity_is_that_of_a_plain_loop() -> None:
    a, b = rng.random((3, 2, 9, 8)), rng.random((3, 2, 9, 8))
    expected = np.zeros(3)
    for n in range(3):
        found = []
        for channel in range(2):
            for top in range(3):
                for left in range(2):
                    p, q = (one[n, channel, top : top + 7, left : left + 7].ravel() for one in (a, b))
                    mixed = np.cov(p, q)
                    top_half = (2 * p.mean() * q.mean() + 1e-4) * (2 * mixed[0, 1] + 9e-4)
                    found.append(
                        top_half / ((p.mean() ** 2 + q.mean() ** 2 + 1e-4) * (mixed[0, 0] + mixed[1, 1] + 9e-4))
                    )
        expected[n] = np.mean(found)
    assert ssim(a, b) == pytest.approx(expected)
    assert ssim(a, a) == pytest.approx(np.ones(3))
