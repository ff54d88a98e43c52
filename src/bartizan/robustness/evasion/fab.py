"""Fast adaptive boundary: looks for the smallest change, by projections onto the linearised boundary to one class."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.evasion.ball import Ball, Norm, sizes, wide
from bartizan.robustness.evasion.losses import TargetedMargin
from bartizan.robustness.evasion.oracle import Oracle
from bartizan.robustness.interface import Floats, Labels


def fab_targeted(
    oracle: Oracle,
    x: Floats,
    y: Labels,
    target: Labels,
    ball: Ball,
    steps: int,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Croce and Hein, "Minimally distorted adversarial examples with a fast adaptive boundary attack", ICML 2020, with
    a target class a row. A row leaves the batch once its change fits in the ball.

    Args:
        oracle: gradients.
        x: ``(n, *shape)``.
        y: true labels, ``(n,)``.
        target: classes to reach, ``(n,)``.
        ball: its norm says what is small, its radius what is small enough.
        steps: gradients asked for each row.
        rng: draws a start within half the radius; without it the attack starts at ``x``.

    Returns:
        ``(n, *shape)``: misclassified and in the ball where that was found, otherwise ``x``.
    """
    found, rows = x.copy(), np.arange(len(x))
    point = x.copy() if rng is None else x + (ball.random(x, rng) - x) * x.dtype.type(0.5)
    for _ in range(steps):
        if not len(rows):
            break
        loss, origin = TargetedMargin(y[rows], target[rows]), x[rows]
        logits, gradient = oracle(point, loss.slope)
        wrong = logits.argmax(axis=1) != y[rows]
        done = wrong & ball.holds(point, origin, 1e-6)
        found[rows[done]] = point[done]
        # What is wrong but too far is drawn back towards its origin; the plane is still that of the last point.
        gap = -loss.value(logits)
        near = onto_plane(point, gradient, gap, ball)
        flat = gradient.reshape(len(rows), -1)
        shift = ((origin - point).reshape(len(rows), -1) * flat).sum(axis=1)
        home = onto_plane(origin, gradient, gap - shift, ball)
        own, far = sizes(near, ball.norm), sizes(home, ball.norm)
        share = wide(np.minimum(own / np.maximum(own + far, 1e-12), 0.1).astype(x.dtype), x)
        moved = (point + 1.05 * near) * (1 - share) + (origin + 1.05 * home) * share
        moved = np.where(wide(wrong, x), origin + 0.9 * (point - origin), moved)
        point = np.clip(moved, ball.low, ball.high).astype(x.dtype)
        rows, point = rows[~done], point[~done]
    return found


def onto_plane(x: Floats, normal: Floats, gap: Floats, ball: Ball) -> Floats:
    """The smallest change ``d`` with ``normal · d = gap`` for each row that keeps ``x + d`` in the box; as far as the
    box allows where nothing in it reaches the plane.

    Each coordinate moves by ``min(t * speed, room)``, where the speed is 1 for L∞ and ``|normal|`` for L2; ``t`` is
    found exactly by sorting the points where coordinates hit the box.

    Args:
        gap: ``(n,)``.
    """
    n = len(x)
    start, way = x.reshape(n, -1).astype(np.float64), normal.reshape(n, -1).astype(np.float64)
    way = way * np.where(gap < 0, -1, 1)[:, None]
    low = np.broadcast_to(ball.low, x.shape).reshape(n, -1)
    high = np.broadcast_to(ball.high, x.shape).reshape(n, -1)
    room = np.maximum(np.where(way > 0, high - start, start - low), 0)
    weight = np.abs(way)
    speed = np.ones_like(weight) if ball.norm is Norm.LINF else weight
    room = np.where(weight > 0, room, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = np.where(weight > 0, room / speed, np.inf)
    order = np.argsort(hit, axis=1)
    hit = np.take_along_axis(hit, order, 1)
    ends = np.where(np.isfinite(hit), hit, 0)
    rate = np.take_along_axis(weight * speed, order, 1)
    filled = np.cumsum(rate * ends, axis=1)
    left = np.maximum(rate.sum(axis=1, keepdims=True) - np.cumsum(rate, axis=1), 0)
    reach = np.where(np.isfinite(hit), filled + ends * left, np.inf)
    wanted = np.abs(gap).astype(np.float64)[:, None]
    index = np.minimum((reach < wanted).sum(axis=1), hit.shape[1] - 1)
    rows = np.arange(n)
    before = np.where(index > 0, filled[rows, index - 1], 0)
    slope = np.where(index > 0, left[rows, index - 1], rate.sum(axis=1))
    time = np.where(slope > 1e-300, (wanted[:, 0] - before) / np.maximum(slope, 1e-300), np.inf)
    time = np.where(reach[rows, index] < wanted[:, 0], np.inf, time)[:, None]
    with np.errstate(invalid="ignore"):
        step = np.minimum(np.where(speed > 0, time * speed, 0), room)
    return (np.sign(way) * np.where(np.isfinite(step), step, 0)).reshape(x.shape).astype(x.dtype)
