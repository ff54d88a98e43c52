"""HopSkipJump: evasion from labels alone, by walking along the boundary."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.evasion.ball import Ball, Norm, sizes
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest


def hopskipjump(
    model: ModelUnderTest, x: Floats, y: Labels, ball: Ball, queries: int, rng: np.random.Generator
) -> Floats:
    """Chen, Jordan and Wainwright, "HopSkipJumpAttack: a query-efficient decision-based attack", S&P 2020.

    Args:
        model: asked for labels alone.
        x: ``(n, *shape)``, classified as ``y``.
        y: ``(n,)``.
        ball: its norm is made small; a row ends once its change fits in the radius.
        queries: for each row.
        rng: draws starts and directions.

    Returns:
        ``(n, *shape)``: the nearest misclassified point found, otherwise ``x``.
    """
    return np.concatenate([_Walk(model, x[row], int(y[row]), ball, queries, rng).run() for row in range(len(x))] or [x])


class _Walk:
    """Of one row."""

    def __init__(
        self, model: ModelUnderTest, x: Floats, y: int, ball: Ball, queries: int, rng: np.random.Generator
    ) -> None:
        self._model, self._x, self._y, self._ball, self._left, self._rng = model, x[None], y, ball, queries, rng
        size = x.size
        self._precision = 1 / size / np.sqrt(size) if ball.norm is Norm.L2 else 1 / size**2
        self._precision = max(self._precision, 1e-4)

    def run(self) -> Floats:
        start = self._start()
        if start is None:
            return self._x
        point = self._to_boundary(start)
        count = 0
        while self._left > 30 and self._size(point) > self._ball.radius:
            count += 1
            probes = min(int(100 * np.sqrt(count)), self._left - 20)
            if probes < 10:
                break
            reach = self._size(point)
            way = self._ball.steepest(self._normal(point, probes, reach))
            step = reach / np.sqrt(count)
            ahead = self._clip(point + step * way)
            while not self._wrong(ahead)[0]:
                step /= 2
                if self._left < 12 or step < 1e-9:
                    return point
                ahead = self._clip(point + step * way)
            nearer = self._to_boundary(ahead)
            if self._size(nearer) < self._size(point):
                point = nearer
        return point

    def _start(self) -> Floats | None:
        """A random point of the box, or of a growing cloud where there is none, that is misclassified."""
        low, high = (np.broadcast_to(side, self._x.shape[1:]) for side in (self._ball.low, self._ball.high))
        boxed = bool(np.isfinite(low).all() and np.isfinite(high).all())
        for number in range(min(20, self._left)):
            drawn = (
                self._rng.uniform(low, high, (1, *low.shape))
                if boxed
                else self._x + self._ball.radius * 2.0**number * self._rng.standard_normal(self._x.shape)
            )
            point = self._clip(drawn)
            if self._wrong(point)[0]:
                return point
        return None

    def _to_boundary(self, point: Floats) -> Floats:
        """Bisection towards the origin; for L∞ on the radius of the ball to which the point is cut."""
        high, low = (1.0, 0.0) if self._ball.norm is Norm.L2 else (self._size(point), 0.0)
        tolerance = max(self._precision * high, 1e-6 * high)
        best = point
        while high - low > tolerance and self._left > 0:
            middle = (high + low) / 2
            tried = self._between(point, middle)
            if self._wrong(tried)[0]:
                high, best = middle, tried
            else:
                low = middle
        return best

    def _between(self, point: Floats, share: float) -> Floats:
        if self._ball.norm is Norm.L2:
            return self._clip(self._x + share * (point - self._x))
        return self._clip(np.clip(point, self._x - share, self._x + share))

    def _normal(self, point: Floats, probes: int, reach: float) -> Floats:
        """Monte Carlo estimate of the direction into the wrong class, with the mean as baseline."""
        size = self._x.size
        width = max(self._precision * reach * np.sqrt(size if self._ball.norm is Norm.L2 else size**2), 1e-4 * reach)
        ways = self._rng.standard_normal((probes, *self._x.shape[1:]))
        ways /= sizes(ways, Norm.L2).reshape(-1, *[1] * (ways.ndim - 1))
        moved = self._clip(point + width * ways)
        ways = (moved - point) / width
        votes = np.where(self._wrong(moved), 1.0, -1.0)
        if abs(votes.mean()) < 1:
            votes = votes - votes.mean()
        return np.tensordot(votes, ways, axes=(0, 0))[None] / probes

    def _wrong(self, points: Floats) -> Floats:
        self._left -= len(points)
        return self._model.predict_label(points) != self._y

    def _clip(self, points: Floats) -> Floats:
        return np.clip(points, self._ball.low, self._ball.high).astype(self._x.dtype, copy=False)

    def _size(self, point: Floats) -> float:
        return float(sizes(point - self._x, self._ball.norm)[0])
