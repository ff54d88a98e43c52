"""Gradients through smoothing are those of the mean answer, and break no row within its certified radius."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.defences.smoothing import certify
from bartizan.robustness.evasion.apgd import apgd
from bartizan.robustness.evasion.ball import Norm, ball_for
from bartizan.robustness.evasion.through_noise import through_noise
from bartizan.robustness.gallery.recipes import recipe
from bartizan.robustness.interface import Floats
from bartizan.robustness.losses import CrossEntropy, softmax
from bartizan.robustness.models.sklearn import DenseModel

SIGMA, DRAWS = 0.3, 5


def network() -> DenseModel:
    rng = np.random.default_rng(0)
    weights: list[Floats] = [rng.normal(size=(6, 12)), rng.normal(size=(12, 3))]
    biases: list[Floats] = [rng.normal(size=12), rng.normal(size=3)]
    return DenseModel(weights, biases, "tanh", (6,), (np.asarray(-9.0), np.asarray(9.0)), "network")


def test_the_gradient_is_that_of_the_mean_under_the_same_noise() -> None:
    model, rng = network(), np.random.default_rng(1)
    x, y = rng.normal(size=(4, 6)), np.array([0, 1, 2, 0])
    loss = CrossEntropy(y)
    logs, gradient = through_noise(model, SIGMA, DRAWS, np.random.default_rng(7))(x, loss.slope)

    def value(at: Floats) -> Floats:
        same = np.random.default_rng(7)
        shares = [softmax(model.logits(at + SIGMA * same.standard_normal(at.shape))) for _ in range(DRAWS)]
        return loss.value(np.log(np.mean(shares, axis=0)))

    np.testing.assert_allclose(loss.value(logs), value(x), rtol=1e-9)
    for column in range(6):
        step = np.zeros_like(x)
        step[:, column] = 1e-5
        np.testing.assert_allclose(
            gradient[:, column], (value(x + step) - value(x - step)) / 2e-5, rtol=1e-4, atol=1e-8
        )


def test_without_noise_it_is_the_plain_gradient() -> None:
    model, x = network(), np.random.default_rng(2).normal(size=(3, 6))
    loss = CrossEntropy(np.array([2, 0, 1]))
    _, gradient = through_noise(model, 0.0, 2, np.random.default_rng(0))(x, loss.slope)
    np.testing.assert_allclose(gradient, model.loss_grad(x, loss.slope)[1], rtol=1e-7, atol=1e-10)


def test_a_question_draws_new_noise_each_time() -> None:
    model, x = network(), np.zeros((1, 6))
    ask = through_noise(model, SIGMA, DRAWS, np.random.default_rng(0))
    slope = CrossEntropy(np.array([0])).slope
    assert not np.array_equal(ask(x, slope)[1], ask(x, slope)[1])


def test_no_certified_row_breaks_within_its_radius() -> None:
    one = recipe("digits-regularised")
    rows = one.rows()
    model, few = one.train(rows), rows.test[:60]
    radius = 0.3
    found = certify(model, few.x, SIGMA, 0, votes=500)
    held = few[np.flatnonzero((found.label == few.y) & (found.radius >= radius))]
    assert len(held) >= 10
    rng = np.random.default_rng(3)
    oracle = through_noise(model, SIGMA, 8, rng)
    moved = apgd(oracle, held.x, held.y, CrossEntropy(held.y), ball_for(model, Norm.L2, radius), 15, rng)
    assert np.abs(moved - held.x).max() > 0.01
    again = certify(model, moved, SIGMA, 9, votes=2_000)
    assert not ((again.label != held.y) & (again.label >= 0)).any()
