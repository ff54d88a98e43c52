"""Scores are those of the published evaluations, written again from their description, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bartizan.bench.robustness.references import published_lira, published_rmia
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats
from bartizan.robustness.privacy import lira
from bartizan.robustness.privacy.bavaria import bavaria, pooled
from bartizan.robustness.privacy.rmia import rmia
from bartizan.robustness.privacy.signals import probability, scaled_logits

rng = np.random.default_rng(5)
MODELS, ROWS = 10, 40
KEEP = np.asarray([np.roll(np.arange(MODELS) < 5, int(rng.integers(10))) for _ in range(ROWS)]).T
KEEP[0, 3] = not KEEP[0, 3]  # uneven: rows have different numbers of models on a side
SHADOWS = rng.normal(size=(MODELS, ROWS)) + 1.5 * KEEP + rng.normal(size=ROWS)
TARGET = rng.normal(size=ROWS) + 1


@pytest.mark.parametrize("fixed", [True, False])
def test_lira_is_the_published_evaluation(fixed: bool) -> None:
    assert lira.online(TARGET, SHADOWS, KEEP, fixed) == pytest.approx(
        published_lira(TARGET, SHADOWS, KEEP, fixed, True), abs=1e-12
    )
    assert lira.offline(TARGET, SHADOWS, KEEP, fixed) == pytest.approx(
        published_lira(TARGET, SHADOWS, KEEP, fixed, False), abs=1e-12
    )


def test_one_spread_is_that_of_the_in_side() -> None:
    wide = SHADOWS + 20 * rng.normal(size=SHADOWS.shape) * ~KEEP
    mean_in = [np.median(wide[KEEP[:, row], row][: KEEP.sum(0).min()]) for row in range(ROWS)]
    spread = np.concatenate([wide[KEEP[:, row], row][: KEEP.sum(0).min()] for row in range(ROWS)]).std()
    mean_out = [np.median(wide[~KEEP[:, row], row][: (~KEEP).sum(0).min()]) for row in range(ROWS)]
    expected = ((TARGET - mean_out) ** 2 - (TARGET - mean_in) ** 2) / 2 / spread**2
    assert lira.online(TARGET, wide, KEEP, fixed=True) == pytest.approx(expected, abs=1e-12)


def test_the_one_sided_score_orders_as_the_papers_probability() -> None:
    keep = np.tile((np.arange(MODELS) < 5)[:, None], ROWS)
    outside = SHADOWS[5:]
    paper = stats.norm.cdf(TARGET, np.median(outside, axis=0), outside.std(axis=0))
    found = lira.one_sided(TARGET, SHADOWS, keep, fixed=False)
    assert (np.argsort(found) == np.argsort(paper)).all()


@pytest.mark.parametrize("models", [2, 3, 10])
@pytest.mark.parametrize("a", [0.3, 0.0, 1.0])
def test_rmia_is_the_published_library(models: int, a: float) -> None:
    shadows, keep = probability(SHADOWS[:models]), KEEP[:models].copy()
    z_shadows, z_target = rng.random((models, 25)), rng.random(25)
    target = probability(TARGET)
    expected = published_rmia(target, shadows, keep, z_target, z_shadows, a).tolist()
    assert rmia(target, shadows, keep, z_target, z_shadows, a).tolist() == expected


def test_scaled_logits_are_the_published_ones_and_do_not_saturate() -> None:
    logits = rng.normal(size=(30, 4)) * 3
    y = rng.integers(0, 4, 30)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    true = p[np.arange(30), y]
    assert scaled_logits(logits, y) == pytest.approx(np.log(true) - np.log(p.sum(1) - true), abs=1e-9)
    assert probability(scaled_logits(logits, y)) == pytest.approx(true, abs=1e-12)
    sure = np.array([[200.0, 0.0], [300.0, 0.0]])
    assert scaled_logits(sure, np.array([0, 0])).tolist() == [200, 300]


def test_the_variance_prior_is_recovered() -> None:
    degrees, variance = 8.0, 2.0
    spread = np.sqrt(variance * degrees / rng.chisquare(degrees, 4000))
    keep = np.tile((np.arange(12) < 6)[:, None], 4000)
    prior = pooled(rng.normal(size=(12, 4000)) * spread, keep)
    assert prior.variance == pytest.approx(variance, rel=0.1)
    assert prior.degrees == pytest.approx(degrees, rel=0.3)


def test_few_models_are_better_used_than_by_spreads_of_single_rows() -> None:
    rows = 3000
    member = rng.random(rows) < 0.5
    keep = np.tile(np.array([[True], [False], [True], [False]]), rows)
    centre = 10 * rng.normal(size=rows)  # rows differ far more than models
    spread = np.sqrt(1 / rng.gamma(4, 1 / 4, rows))
    shadows = centre + 1.2 * keep + spread * rng.normal(size=(4, rows))
    target = centre + 1.2 * member + spread * rng.normal(size=rows)

    def area(scores: Floats) -> float:
        return float(stats.mannwhitneyu(scores[member], scores[~member]).statistic / member.sum() / (~member).sum())

    for heavy in (True, False):
        ours = area(bavaria(target, shadows, keep, heavy))
        assert ours > area(lira.online(target, shadows, keep, fixed=False)) + 0.05
        assert ours > area(lira.online(target, shadows, keep, fixed=True)) - 0.01


@pytest.mark.parametrize("attack", [lira.offline, lira.online])
def test_a_row_in_every_model_is_refused(attack: object) -> None:
    with pytest.raises(UnusableDataError, match="all of the shadow models"):
        attack(TARGET, SHADOWS, np.ones_like(KEEP), True)  # type: ignore[operator]
    with pytest.raises(UnusableDataError, match="all of the shadow models"):
        bavaria(TARGET, SHADOWS, np.zeros_like(KEEP))


def test_models_that_agree_exactly_say_nothing_of_spreads() -> None:
    with pytest.raises(UnusableDataError, match="do not differ"):
        bavaria(TARGET, np.ones_like(SHADOWS), KEEP)
