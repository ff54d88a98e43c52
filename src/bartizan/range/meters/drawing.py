"""Photographs of digits on meters, drawn from a seed: seven segments, badly lit, slightly moved, noisy."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SIDE: Final = 12
"""Pixels across and down."""
_SEGMENTS: Final = {
    "a": (slice(1, 3), slice(3, 9)), "b": (slice(1, 6), slice(7, 9)), "c": (slice(6, 11), slice(7, 9)),
    "d": (slice(9, 11), slice(3, 9)), "e": (slice(6, 11), slice(3, 5)), "f": (slice(1, 6), slice(3, 5)),
    "g": (slice(5, 7), slice(3, 9)),
}  # fmt: skip
_DIGITS: Final = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")


def photographs(seed: int | str, count: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """``count`` pictures ``(count, 1, 12, 12)`` of numbers in [0, 1], and what they show.

    The same seed gives the same pictures; another seed gives another lamp and another camera of the same kind.
    """
    chance = np.random.default_rng([*str(seed).encode()])
    digits = chance.integers(0, 10, count)
    pictures = np.empty((count, 1, SIDE, SIDE))
    for row, digit in enumerate(digits):
        face = np.full((SIDE, SIDE), chance.uniform(0.05, 0.3))
        for segment in _DIGITS[digit]:
            face[_SEGMENTS[segment]] = chance.uniform(0.6, 0.95)
        moved = np.roll(face, (chance.integers(-1, 2), chance.integers(-1, 2)), (0, 1))
        lit = moved * np.linspace(chance.uniform(0.75, 1), chance.uniform(0.75, 1), SIDE)[None, :]
        pictures[row, 0] = lit + chance.normal(0, 0.06, (SIDE, SIDE))
    return np.clip(pictures, 0, 1), digits.astype(np.int64)
