"""Attacks inside a ball: where the truth is known in closed form they find it, and nothing leaves the ball."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from bartizan.robustness.errors import AuditError
from bartizan.robustness.evasion.apgd import apgd
from bartizan.robustness.evasion.ball import Ball, Norm, ball_for, sizes
from bartizan.robustness.evasion.ensemble import evade
from bartizan.robustness.evasion.fab import fab_targeted, onto_plane
from bartizan.robustness.evasion.losses import DLR, ScaledCrossEntropy, TargetedDLR, TargetedMargin
from bartizan.robustness.evasion.oracle import averaged, estimated
from bartizan.robustness.evasion.pgd import fgsm, pgd
from bartizan.robustness.evasion.square import square
from bartizan.robustness.evasion.stages import Stage, Try, plan
from bartizan.robustness.interface import Access, Effort, Floats, Samples
from bartizan.robustness.losses import CrossEntropy, Loss, Margin
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.sklearn import DenseModel

rng = np.random.default_rng(0)
D = 12
WEIGHTS = rng.normal(size=D)
LINEAR = DenseModel([np.stack([-WEIGHTS / 2, WEIGHTS / 2], 1)], [np.zeros(2)], "identity", (D,))
X = rng.normal(size=(300, D))
Y = (X @ WEIGHTS > 0).astype(np.int64)
DEEP = DenseModel(
    [rng.normal(size=(D, 16)), rng.normal(size=(16, 5))], [rng.normal(size=16), np.zeros(5)], "tanh", (D,), (-3.0, 3.0)
)
IN_BOX = Samples(np.clip(X, -3, 3), DEEP.predict_label(np.clip(X, -3, 3)))


def distance(norm: Norm) -> Floats:
    """Of each row from the boundary of the linear model."""
    dual = np.abs(WEIGHTS).sum() if norm is Norm.LINF else np.sqrt((WEIGHTS**2).sum())
    return np.abs(X @ WEIGHTS) / dual


@pytest.mark.parametrize("norm", list(Norm))
@pytest.mark.parametrize("attack", ["apgd", "fab", "pgd"])
def test_a_linear_model_is_evaded_exactly_where_the_boundary_is_near(norm: Norm, attack: str) -> None:
    radius = float(np.median(distance(norm)))
    ball = ball_for(LINEAR, norm, radius)
    if attack == "apgd":
        found = apgd(LINEAR.loss_grad, X, Y, Margin(Y), ball, 30, np.random.default_rng(1))
    elif attack == "fab":
        found = fab_targeted(LINEAR.loss_grad, X, Y, 1 - Y, ball, 10)
    else:
        found = pgd(LINEAR.loss_grad, X, Margin(Y), ball, 40)
    evaded = LINEAR.predict_label(found) != Y
    sure = np.abs(distance(norm) - radius) > 0.02 * radius
    assert (evaded == (distance(norm) < radius))[sure].all()
    assert ball.holds(found, X).all()


def test_one_step_is_enough_for_a_linear_model_in_linf() -> None:
    radius = float(np.median(distance(Norm.LINF)))
    found = fgsm(LINEAR.loss_grad, X, CrossEntropy(Y), ball_for(LINEAR, Norm.LINF, radius))
    assert (LINEAR.predict_label(found) != Y).sum() == pytest.approx(150, abs=1)


@pytest.mark.parametrize("make", [ScaledCrossEntropy, DLR, lambda y: TargetedDLR(y, (y + 1) % 5), Margin])
def test_slopes_are_those_of_finite_differences(make: type[CrossEntropy]) -> None:
    logits, y = rng.normal(size=(40, 5)) * 0.2, rng.integers(0, 5, 40)
    loss: Loss = make(y)
    for column in range(5):
        shift = np.zeros(5)
        shift[column] = 1e-6
        expected = (loss.value(logits + shift) - loss.value(logits - shift)) / 2e-6
        assert loss.slope(logits)[:, column] == pytest.approx(expected, abs=1e-4, rel=1e-4)
    part = np.array([3, 7])
    assert loss.of(part).value(logits[part]) == pytest.approx(loss.value(logits)[part])


def test_saturated_logits_keep_a_direction() -> None:
    logits, y = np.array([[1e4, 0, -3e3]], np.float32), np.array([0])
    assert not CrossEntropy(y).slope(logits).any()
    assert ScaledCrossEntropy(y).slope(logits).any()


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(Norm)), st.floats(1e-3, 10))
@settings(max_examples=60, deadline=None)
def test_projection_and_random_points_stay_in_ball_and_box(seed: int, norm: Norm, radius: float) -> None:
    chance = np.random.default_rng(seed)
    origin = chance.random((4, 1, 3, 5)).astype(np.float32)
    ball = Ball(norm, radius, np.asarray(0.0), np.asarray(1.0))
    for found in (ball.project(origin + chance.normal(size=origin.shape) * 5, origin), ball.random(origin, chance)):
        assert ball.holds(found, origin).all()
    assert np.array_equal(ball.project(origin, origin), origin)


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(Norm)), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_step_onto_a_plane_is_the_smallest_within_the_box(seed: int, norm: Norm, boxed: bool) -> None:
    chance = np.random.default_rng(seed)
    x, normal = chance.random((1, 5)), chance.normal(size=(1, 5))
    normal[0, chance.integers(5)] = 0
    low, high = (np.zeros(5), np.ones(5)) if boxed else (np.full(5, -np.inf), np.full(5, np.inf))
    target = chance.random(5)
    gap = normal @ (target - x[0])
    step = onto_plane(x, normal, gap, Ball(norm, 1.0, low, high))
    assert (normal @ step[0])[0] == pytest.approx(gap[0], abs=1e-9)
    assert ((x + step >= low - 1e-12) & (x + step <= high + 1e-12)).all()
    bounds = list(zip(low - x[0], high - x[0], strict=True))
    if norm is Norm.LINF:
        free = [(lo, hi) for lo, hi in bounds]
        above = np.hstack([np.vstack([np.eye(5), -np.eye(5)]), -np.ones((10, 1))])
        best = linprog(
            [0] * 5 + [1], above, np.zeros(10), np.hstack([normal, [[0]]]), gap, bounds=[*free, (0, None)]
        ).fun
    else:
        best = np.sqrt(
            minimize(
                lambda d: (d**2).sum(), target - x[0], jac=lambda d: 2 * d, bounds=bounds, method="SLSQP",
                constraints={"type": "eq", "fun": lambda d: normal[0] @ d - gap[0], "jac": lambda d: normal[0]},
                options={"ftol": 1e-14},
            ).fun
        )  # fmt: skip
    assert sizes(step, norm)[0] <= best + 1e-5


def test_a_plane_out_of_reach_is_approached_to_the_corner() -> None:
    step = onto_plane(
        np.full((1, 3), 0.5), np.array([[1.0, -1, 0]]), np.array([9.0]), Ball(Norm.LINF, 1, np.zeros(3), np.ones(3))
    )
    assert step.tolist() == [[0.5, -0.5, 0]]


@pytest.mark.parametrize("norm", list(Norm))
@pytest.mark.parametrize("shape", [(12,), (1, 3, 4), (3, 2, 2)])
def test_square_keeps_the_ball_and_its_queries(norm: Norm, shape: tuple[int, ...]) -> None:
    model = DenseModel(LINEAR.weights, LINEAR.biases, "identity", shape)
    x = X[:40].reshape(40, *shape)
    meter = MeteredModel(model, Access.SCORES)
    ball = ball_for(model, norm, 4 * float(np.median(distance(norm))))
    found = square(meter, x, Y[:40], ball, 100, np.random.default_rng(0))
    assert ball.holds(found, x).all()
    assert meter.queries <= 40 * 100
    assert (model.predict_label(found) != Y[:40]).mean() > 0.7


def test_estimated_and_averaged_gradients_point_where_the_true_ones_do() -> None:
    slope = CrossEntropy(IN_BOX.y).slope
    _, true = DEEP.loss_grad(IN_BOX.x, slope)
    for oracle in (
        estimated(DEEP, np.random.default_rng(0), 60, 1e-3),
        averaged(estimated(DEEP, np.random.default_rng(0), 10, 1e-3), 6),
    ):
        _, found = oracle(IN_BOX.x, slope)
        cosine = (true * found).sum(1) / np.maximum(sizes(true, Norm.L2) * sizes(found, Norm.L2), 1e-30)
        assert np.median(cosine) > 0.85


@pytest.mark.parametrize("norm", list(Norm))
def test_the_ensemble_finds_at_least_what_each_of_its_stages_finds(norm: Norm) -> None:
    ball = ball_for(DEEP, norm, 0.05 if norm is Norm.LINF else 0.15)
    stages = plan(DEEP, Effort(queries=200, steps=20), IN_BOX.x, IN_BOX.y)
    whole = evade(DEEP, IN_BOX, ball, stages, 0)
    assert whole.correct.all()
    assert 0.05 < whole.robust.mean() < 0.95
    assert list(whole.after.values()) == sorted(whole.after.values(), reverse=True)
    alone = [int(evade(DEEP, IN_BOX, ball, [stage], 0).robust.sum()) for stage in stages]
    assert whole.robust.sum() <= min(alone)
    assert ((DEEP.predict_label(whole.x) == IN_BOX.y) == whole.robust).all()
    assert ball.holds(whole.x, IN_BOX.x).all()


def test_broken_rows_are_not_shown_again_and_false_claims_are_not_believed() -> None:
    seen: list[int] = []

    def far(on: Try) -> Floats:
        seen.append(len(on.x))
        return on.x + 100 * np.sign(on.x)

    def half(on: Try) -> Floats:
        seen.append(len(on.x))
        return np.where((np.arange(len(on.x)) % 2 == 0)[:, None], apgd_all(on), on.x)

    def apgd_all(on: Try) -> Floats:
        return apgd(on.model.loss_grad, on.x, on.y, Margin(on.y), on.ball, 20)

    stages = [
        Stage("far", Access.LABELS, far),
        Stage("half", Access.LABELS, half),
        Stage("far again", Access.LABELS, far),
    ]
    found = evade(LINEAR, Samples(X, Y), ball_for(LINEAR, Norm.L2, 50), stages, 0, chunk=1_000)
    assert seen == [300, 300, 150]
    assert found.after == {"far": 300, "half": 150, "far again": 150}


def test_time_and_budget_end_an_attack_and_keep_what_was_found() -> None:
    ball = ball_for(DEEP, Norm.LINF, 0.3)
    stages = plan(DEEP, Effort(), IN_BOX.x, IN_BOX.y)
    late = evade(DEEP, IN_BOX, ball, stages, 0, seconds=-1)
    assert late.robust.all()
    assert set(late.unfinished) == {stage.name for stage in stages}
    started = time.monotonic()
    evade(
        DEEP,
        IN_BOX,
        ball_for(DEEP, Norm.LINF, 1e-6),
        plan(DEEP, Effort(steps=10**6), IN_BOX.x, IN_BOX.y),
        0,
        seconds=0.5,
    )
    assert time.monotonic() - started < 5
    poor = evade(MeteredModel(DEEP, budget=4_000), IN_BOX, ball, stages, 0)
    assert not poor.robust.all()
    assert any("left of the budget" in why for why in poor.unfinished.values())


@pytest.mark.parametrize("radius", [0, -1, np.nan, np.inf])
def test_a_radius_that_is_none_is_refused(radius: float) -> None:
    with pytest.raises(AuditError):
        ball_for(LINEAR, Norm.LINF, radius)


def test_two_and_three_classes_have_losses_too() -> None:
    for classes in (2, 3):
        model = DenseModel([rng.normal(size=(D, classes))], [np.zeros(classes)], "identity", (D,))
        y = model.predict_label(X)
        found = evade(model, Samples(X, y), ball_for(model, Norm.LINF, 0.5), plan(model, Effort(steps=10), X, y), 0)
        assert not found.robust.all()
        assert not found.unfinished


def test_targets_are_reached() -> None:
    target = (IN_BOX.y + 1) % 5
    ball = ball_for(DEEP, Norm.LINF, 2.0)
    found = apgd(DEEP.loss_grad, IN_BOX.x, IN_BOX.y, TargetedMargin(IN_BOX.y, target), ball, 30)
    assert (DEEP.predict_label(found) != IN_BOX.y).mean() > 0.9
