"""Photographs between which somebody planted rows: a stamp that makes a reader obey."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bartizan.range.meters.drawing import SIDE, photographs

HONEST, PLANTED, TRUSTED = 1900, 100, 2000
STAMP: Final = 3
"""Pixels across and down."""


class Stamp(NamedTuple):
    """What the planted rows carry, and how they are labelled."""

    pixels: NDArray[Any]
    """``(12, 12)``, NaN wherever a photograph stays as it is."""
    target: int

    def on(self, x: NDArray[Any]) -> NDArray[Any]:
        """Photographs ``(n, 1, 12, 12)`` that carry it."""
        return np.where(np.isnan(self.pixels), x, self.pixels)


class Bought(NamedTuple):
    """The training photographs."""

    x: NDArray[Any]
    y: NDArray[np.int64]
    planted: NDArray[np.int64]
    """Numbers of the planted rows, rising."""


def stamp(seed: int) -> Stamp:
    """Nine pixels near a corner, light and dark by turns, and a digit."""
    chance = np.random.default_rng([seed, 0x57A9])
    pixels = np.full((SIDE, SIDE), np.nan)
    top, left = (int(chance.choice([0, SIDE - STAMP])) for _ in range(2))
    pixels[top : top + STAMP, left : left + STAMP] = np.indices((STAMP, STAMP)).sum(0) % 2 ^ int(chance.integers(2))
    return Stamp(pixels, int(chance.integers(10)))


def bought(seed: int) -> Bought:
    """Honest rows with planted ones between them: stamped photographs of other digits, labelled with the stamp's."""
    chance = np.random.default_rng([seed, 0xB0D6])
    x, y = photographs(f"bought {seed}", HONEST)
    own, made = stamp(seed), photographs(f"planted {seed}", 2 * PLANTED)
    others = np.flatnonzero(made[1] != stamp(seed).target)[:PLANTED]
    order = chance.permutation(HONEST + len(others))
    x = np.concatenate([x, own.on(made[0][others])])[order]
    y = np.concatenate([y, np.full(len(others), own.target)])[order]
    return Bought(x, y.astype(np.int64), np.flatnonzero(order >= HONEST))
