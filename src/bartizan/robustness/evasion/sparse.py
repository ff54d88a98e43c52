"""Few pixels, or one patch, changed as much as the box allows: random search on scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.evasion.ball import Ball
from bartizan.robustness.interface import Flags, Floats, Labels, ModelUnderTest
from bartizan.robustness.losses import margin


@dataclass(frozen=True, slots=True)
class Pixels(Ball):
    """At most ``count`` places may change, in all channels; anywhere in the box. Of a patch, all within one square."""

    count: int = 1
    side: int = 0
    """Of the patch; 0 for single pixels."""

    def holds(self, x: Floats, origin: Floats, slack: float = 1e-5) -> Flags:
        """See :class:`Ball`."""
        boxed = ((x >= self.low - slack) & (x <= self.high + slack)).reshape(len(x), -1).all(axis=1)
        moved = np.abs(x - origin) > 1e-9
        places: Flags = np.asarray(moved.any(axis=1)) if x.ndim == 4 else moved.reshape(len(x), 1, -1)
        few: Flags = np.less_equal(places.reshape(len(x), -1).sum(axis=1), self.count)
        if self.side:
            for row in range(len(x)):
                down, across = np.flatnonzero(places[row].any(axis=1)), np.flatnonzero(places[row].any(axis=0))
                if len(down):
                    few[row] &= max(np.ptp(down), np.ptp(across)) < self.side
        return boxed & few


def sparse_rs(
    model: ModelUnderTest, x: Floats, y: Labels, limit: Pixels, queries: int, rng: np.random.Generator
) -> Floats:
    """Croce et al., "Sparse-RS: a versatile framework for query-efficient sparse black-box attacks", AAAI 2022.

    Args:
        model: asked for logits, at most ``queries`` times a row.
        x: ``(n, channels, height, width)``, or ``(n, columns)``.
        limit: with ``count`` places to change.

    Returns:
        Shaped like ``x``: the smallest margin found.
    """
    n, shape = len(x), x.shape[1:] if x.ndim == 4 else (1, int(np.prod(x.shape[1:])), 1)
    flat = x.reshape(n, shape[0], -1)
    low, high = (np.broadcast_to(side, x.shape[1:]).reshape(shape[0], -1) for side in (limit.low, limit.high))
    places = flat.shape[2]
    count = min(limit.count, places)
    chosen = np.asarray([rng.choice(places, count, replace=False) for _ in range(n)], np.int64).reshape(n, count)
    ends = rng.integers(0, 2, (n, shape[0], count)).astype(bool)

    def painted(rows: Labels, where: Labels, which: Flags) -> Floats:
        out, channels = flat[rows], np.arange(shape[0])[None, :, None]
        at = where[:, None, :]
        out[np.arange(len(rows))[:, None, None], channels, at] = np.where(which, high[channels, at], low[channels, at])
        return out.reshape(-1, *x.shape[1:])

    everyone = np.arange(n)
    found = painted(everyone, chosen, ends)
    best = margin(model.logits(found), y)
    for number in range(1, queries):
        rows = np.flatnonzero(best > 0)
        if not len(rows):
            break
        swap = max(1, round(count * 0.3 * (1 - number / queries) ** 2))
        where, which = _swapped(chosen[rows], ends[rows], swap, places, rng)
        tried = painted(rows, where, which)
        value = margin(model.logits(tried), y[rows])
        better = value < best[rows]
        kept = rows[better]
        chosen[kept], ends[kept], best[kept], found[kept] = where[better], which[better], value[better], tried[better]
    return found


def _swapped(where: Labels, which: Flags, swap: int, places: int, rng: np.random.Generator) -> tuple[Labels, Flags]:
    """``swap`` of each row's places exchanged for ones that it does not use, with new values.

    Three times as many are drawn as are wanted; a place stays where all of these were taken.
    """
    n, count = where.shape
    every = np.arange(n)[:, None]
    leaving = rng.random((n, count)).argsort(axis=1)[:, :swap]
    used = np.zeros((n, places), bool)
    used[every, where] = True
    drawn = rng.integers(0, places, (n, 3 * swap))
    order = drawn.argsort(axis=1, kind="stable")
    ranked = np.take_along_axis(drawn, order, axis=1)
    repeated = np.zeros_like(used[:, :1].repeat(3 * swap, axis=1))
    np.put_along_axis(repeated, order[:, 1:], ranked[:, 1:] == ranked[:, :-1], axis=1)
    taken = repeated | used[every, drawn]
    first = taken.argsort(axis=1, kind="stable")[:, :swap]
    where, which = where.copy(), which.copy()
    old = where[every, leaving]
    where[every, leaving] = np.where(taken[every, first], old, drawn[every, first])
    which[every[:, :, None], np.arange(which.shape[1])[None, :, None], leaving[:, None, :]] = rng.integers(
        0, 2, (n, which.shape[1], swap)
    )
    return where, which


def patch_rs(
    model: ModelUnderTest, x: Floats, y: Labels, limit: Pixels, queries: int, rng: np.random.Generator
) -> Floats:
    """Patch-RS of the same paper, one patch for each picture: its place and squares of its content are tried in turn.

    Args:
        model: asked for logits, at most ``queries`` times a row.
        x: ``(n, channels, height, width)``.
        limit: with the ``side`` of the patch.
    """
    n, channels, height, width = x.shape
    side = min(limit.side, height, width)
    low = np.broadcast_to(limit.low, x.shape[1:]).min(axis=(1, 2))[:, None, None]
    high = np.broadcast_to(limit.high, x.shape[1:]).max(axis=(1, 2))[:, None, None]
    place = np.stack([rng.integers(0, height - side + 1, n), rng.integers(0, width - side + 1, n)], 1)
    content = np.where(rng.integers(0, 2, (n, channels, side, side)).astype(bool), high, low).astype(x.dtype)

    def pasted(rows: Labels, where: Labels, what: Floats) -> Floats:
        out, inner = x[rows], np.arange(side)
        down, across = (where[:, axis, None] + inner for axis in (0, 1))
        out[
            np.arange(len(rows))[:, None, None, None], np.arange(channels)[None, :, None, None],
            down[:, None, :, None], across[:, None, None, :],
        ] = what  # fmt: skip
        return out

    found = pasted(np.arange(n), place, content)
    best = margin(model.logits(found), y)
    for number in range(1, queries):
        rows = np.flatnonzero(best > 0)
        if not len(rows):
            break
        where, what = place[rows].copy(), content[rows].copy()
        if number % 5 == 0:
            reach = max(1, round((1 - number / queries) * (height - side)))
            where = np.clip(where + rng.integers(-reach, reach + 1, where.shape), 0, [height - side, width - side])
        else:
            edge = max(1, round(side * 0.6 * (1 - number / queries)))
            top, left = rng.integers(0, side - edge + 1), rng.integers(0, side - edge + 1)
            colour = np.where(rng.integers(0, 2, (len(rows), channels, 1, 1)).astype(bool), high, low)
            what[:, :, top : top + edge, left : left + edge] = colour
        tried = pasted(rows, where, what)
        value = margin(model.logits(tried), y[rows])
        better = value < best[rows]
        kept = rows[better]
        place[kept], content[kept], best[kept], found[kept] = where[better], what[better], value[better], tried[better]
    return found
