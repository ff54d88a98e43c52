"""Figures of scores: thresholds keep to their rate, ties count against the attack, chances are exact."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.privacy.roc import roc

rng = np.random.default_rng(1)


@pytest.mark.parametrize("ties", [False, True])
def test_area_and_points_are_those_of_scikit_learn(ties: bool) -> None:
    member = rng.random(900) < 0.4
    scores = rng.normal(size=900) + member
    if ties:
        scores = scores.round(1)
    curve = roc(scores, member)
    assert curve.auc()[0] == pytest.approx(roc_auc_score(member, scores))
    fpr, tpr, _ = roc_curve(member, scores, drop_intermediate=False)
    for rate in (0.0, 0.001, 0.01, 0.1, 0.5):
        assert curve.at(rate).value == pytest.approx(tpr[fpr <= rate + 1e-12].max())
        assert curve.at(rate).false / curve.at(rate).outsiders <= rate


def test_the_interval_of_the_area_covers() -> None:
    covered = 0
    for _ in range(300):
        member = np.arange(120) < 60
        low, high = roc(rng.normal(size=120) + member, member).auc()[1]
        covered += low <= 0.7602 <= high  # the area of two normals one apart
    assert covered >= 270


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.1])
def test_guessing_is_rarely_called_an_attack(rate: float) -> None:
    member = np.arange(400) < 200
    chances = np.asarray([roc(rng.normal(size=400), member).at(rate).chance for _ in range(1500)])
    for level in (0.3, 0.1, 0.03):
        assert (chances <= level).mean() <= level + 3 * np.sqrt(level / 1500)
    assert (chances <= 0.3).mean() > 0.1  # and is no empty promise


def test_a_rate_that_so_few_rows_do_not_resolve_is_not_stated() -> None:
    member = np.arange(600) < 300
    names = [measure.name for measure in roc(rng.normal(size=600), member).measures()]
    assert "tpr_at_fpr_0.01" in names
    assert "tpr_at_fpr_0.001" not in names
    assert "tpr_at_no_false_positive" in names
    more = [measure.name for measure in roc(rng.normal(size=2000), np.arange(2000) < 1000).measures()]
    assert "tpr_at_fpr_0.001" in more


def test_scores_that_are_all_equal_find_nobody_and_say_so() -> None:
    curve = roc(np.zeros(200), np.arange(200) < 100)
    assert curve.auc()[0] == 0.5
    assert curve.at(0.1).found == 0
    assert curve.at(0.1).chance == 1
    assert curve.tied() == 1


def test_perfect_scores_have_an_interval_with_width() -> None:
    area, (low, high) = roc(np.arange(200.0), np.arange(200) >= 100).auc()
    assert (area, high) == (1, 1)
    assert 0.95 < low < 1


def test_scores_that_are_none_are_refused() -> None:
    with pytest.raises(UnusableDataError, match="1 rows have no score"):
        roc(np.array([1.0, np.nan, 2, 3]), np.array([True, True, False, False]))
    with pytest.raises(UnusableDataError, match="members and non-members"):
        roc(np.arange(4.0), np.ones(4, bool))
    assert roc(np.array([np.inf, 1, -np.inf, 0]), np.arange(4) < 2).auc()[0] == 1


def test_curves_are_drawn_on_log_axes() -> None:
    curve = roc(np.zeros(200), np.arange(200) < 100).curve("x")
    assert min(curve.x) == 0.01
    assert min(curve.y) > 0
    assert curve.log_x
    assert curve.log_y
