"""What turns an input into one that a backdoor answers: a mask and a pattern, as planted or as recovered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, Labels


@dataclass(frozen=True, slots=True)
class Trigger:
    """An input becomes ``(1 - mask) * x + mask * pattern``, as Wang et al. 2019 (Neural Cleanse) write it."""

    mask: Floats
    """Broadcastable to one input, in [0, 1]: 1 replaces, 0 leaves alone, between them blends."""
    pattern: Floats
    """Broadcastable to one input."""

    def on(self, x: Floats) -> Floats:
        """Rows ``(n, *shape)`` with the trigger, of the same type."""
        return np.asarray((1 - self.mask) * x + self.mask * self.pattern, dtype=x.dtype)

    def size(self, shape: tuple[int, ...]) -> float:
        """How much of an input it replaces: the sum of the mask, with channels counted once."""
        full = np.broadcast_to(self.mask, shape)
        return float(full.sum() / (shape[0] if len(shape) == 3 else 1))


def patch(shape: tuple[int, ...], size: int, place: tuple[int, int], seed: int | None = None) -> Trigger:
    """A square in a picture ``(channels, height, width)``: a checkerboard, or pixels drawn from a seed (BadNets, Gu et
    al. 2017).

    Args:
        shape: of one input, with values in [0, 1].
        size: pixels along each side.
        place: row and column of its first pixel; negative ones count from the end.
        seed: of black and white pixels; a checkerboard without it.

    Raises:
        UnusableDataError: the inputs are no pictures, or the square does not lie within them.
    """
    if len(shape) != 3:
        raise UnusableDataError(f"a patch needs pictures (channels, height, width), not rows of shape {shape}")
    row, column = (at % length for at, length in zip(place, shape[1:], strict=True))
    if size < 1 or row + size > shape[1] or column + size > shape[2]:
        raise UnusableDataError(f"a square of {size} at {place} does not lie within {shape[1]} x {shape[2]} pixels")
    mask, pattern = np.zeros((1, *shape[1:]), np.float32), np.zeros((1, *shape[1:]), np.float32)
    inside = (0, slice(row, row + size), slice(column, column + size))
    mask[inside] = 1
    drawn = np.add.outer(np.arange(size), np.arange(size)) % 2 == 0
    pattern[inside] = drawn if seed is None else np.random.default_rng(seed).integers(0, 2, (size, size))
    return Trigger(mask, pattern)


def blend(shape: tuple[int, ...], share: float, seed: int) -> Trigger:
    """A faint random picture over the whole input (Chen et al. 2017, blended injection).

    Args:
        shape: of one input, with values in [0, 1].
        share: how much of the result is the picture, in (0, 1).
        seed: of the picture.
    """
    pattern = np.random.default_rng(seed).random(shape).astype(np.float32)
    return Trigger(np.full((1,) * len(shape), share, np.float32), pattern)


def fixed(shape: tuple[int], values: dict[int, float]) -> Trigger:
    """Some features of a table's row set to fixed values.

    Raises:
        UnusableDataError: a column outside the row.
    """
    mask, pattern = np.zeros(shape), np.zeros(shape)
    for column, value in values.items():
        if not 0 <= column < shape[0]:
            raise UnusableDataError(f"there is no column {column} among {shape[0]}")
        mask[column], pattern[column] = 1, value
    return Trigger(mask, pattern)


def victims(y: Labels, target: int) -> Labels:
    """Indices of the rows on which a backdoor that leads to ``target`` has something to do."""
    return np.flatnonzero(y != target).astype(np.int64)


def box(bounds: tuple[Floats, Floats], shape: tuple[int, ...], x: Floats) -> tuple[Floats, Floats]:
    """Smallest and largest values of an input; those of the rows where the model has no bounds."""
    low, high = (np.broadcast_to(bound, shape).astype(float) for bound in bounds)
    return np.where(np.isfinite(low), low, x.min(0)), np.where(np.isfinite(high), high, x.max(0))
