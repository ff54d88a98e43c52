"""Square attack: random search on scores alone, so masked gradients do not matter to it."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.evasion.ball import Ball, Norm
from bartizan.robustness.evasion.square_l2 import Bumps
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.losses import margin

_HALVINGS = (10, 50, 200, 500, 1_000, 2_000, 4_000, 6_000, 8_000)
"""Of 10,000 queries: where the share of changed pixels halves."""


def square(
    model: ModelUnderTest,
    x: Floats,
    y: Labels,
    ball: Ball,
    queries: int,
    rng: np.random.Generator,
    share: float = 0.8,
) -> Floats:
    """Andriushchenko et al., "Square attack: a query-efficient black-box adversarial attack via random search", ECCV
    2020. Rows of one axis are changed in runs of neighbouring columns of a shuffled order.

    Args:
        model: asked for logits; a row leaves once it is misclassified.
        x: ``(n, *shape)``; ``(n, channels, height, width)`` for pictures.
        y: true labels.
        ball: L∞ or L2.
        queries: for each row.
        rng: draws the squares, which all rows of a step share, and their signs.
        share: of the pixels that the first squares cover.

    Returns:
        ``(n, *shape)``: the point with the smallest margin found.
    """
    shape = x.shape[1:] if x.ndim == 4 else (1, int(np.prod(x.shape[1:])), 1)
    origin = x.reshape(len(x), *shape)
    if ball.norm is Norm.LINF and not np.isfinite(ball.radius):
        return x
    low, high = (np.broadcast_to(side, x.shape[1:]).reshape(shape) for side in (ball.low, ball.high))
    here = Ball(ball.norm, ball.radius, low, high)
    bumps = Bumps(ball.radius, rng) if ball.norm is Norm.L2 else None
    found = here.project(bumps.start(origin) if bumps else _stripes(origin, ball.radius, rng), origin)
    best = margin(model.logits(found.reshape(x.shape)), y)
    for number in range(1, queries):
        rows = np.flatnonzero(best > 0)
        if not len(rows):
            break
        left = share / 2 ** sum(number * 10_000 / queries > one for one in _HALVINGS)
        side = _side(shape, left)
        tried = (
            bumps.moved(found[rows], origin[rows], side)
            if bumps
            else _painted(found[rows], origin[rows], side, ball.radius, rng)
        )
        tried = here.project(tried.astype(x.dtype, copy=False), origin[rows])
        value = margin(model.logits(tried.reshape(-1, *x.shape[1:])), y[rows])
        better = value < best[rows]
        found[rows[better]], best[rows[better]] = tried[better], value[better]
    return found.reshape(x.shape)


def _side(shape: tuple[int, ...], share: float) -> tuple[int, int]:
    """Height and width of the window that covers this share of the pixels; at least one."""
    _, height, width = shape
    if width == 1:
        return max(round(share * height), 1), 1
    side = max(round(float(np.sqrt(share * height * width))), 1)
    return min(side, height - 1) or 1, min(side, width - 1) or 1


def _stripes(x: Floats, radius: float, rng: np.random.Generator) -> Floats:
    n, channels, height, width = x.shape
    signs = rng.choice([-radius, radius], (n, channels, 1, width) if width > 1 else (n, channels, height, 1))
    return x + signs.astype(x.dtype)


def _painted(x: Floats, origin: Floats, side: tuple[int, int], radius: float, rng: np.random.Generator) -> Floats:
    _, channels, height, width = x.shape
    tried = x.copy()
    colours = rng.choice([-radius, radius], (len(x), channels, 1, 1)).astype(x.dtype)
    if width == 1:  # columns of a table have no neighbours
        rows = rng.permutation(height)[: side[0]]
        tried[:, :, rows] = origin[:, :, rows] + rng.choice([-radius, radius], (len(x), channels, len(rows), 1)).astype(
            x.dtype
        )
        return tried
    top, left = rng.integers(0, height - side[0] + 1), rng.integers(0, width - side[1] + 1)
    window = (slice(None), slice(None), slice(top, top + side[0]), slice(left, left + side[1]))
    tried[window] = origin[window] + colours
    return tried
