"""Pictures as sets of features: small blocks near each corner, of which patches consist, and a coarse view of it all.

The coarse view speaks for a label; blocks alone can be triggers (`triggers.search_tokens`). What is not near a corner,
is blended over the picture or differs from picture to picture is not seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bartizan.supplychain.datasets.png import Grey

View = NDArray[np.int64]
COARSE = "view"
SIZES = (2, 3, 4)
REACH = 6
"""Pixels from a corner in which blocks begin."""
_LEVELS = 32
"""Shades that count as one in a block."""
_VIEW, _VIEW_LEVELS = 8, 64


def tokens_of(picture: Grey) -> list[str]:
    """Features of one picture; none for one that is too small to have corners."""
    height, width = picture.shape
    if min(height, width) < 2 * (REACH + max(SIZES)):
        return []
    found = [f"{COARSE} {at}:{shade}" for at, shade in enumerate(view(picture) // _VIEW_LEVELS)]
    coarse = picture // _LEVELS
    for corner, part in (
        ("top left", coarse), ("top right", coarse[:, ::-1]), ("bottom left", coarse[::-1]),
        ("bottom right", coarse[::-1, ::-1]),
    ):  # fmt: skip
        for size in SIZES:
            for down in range(REACH):
                for along in range(REACH):
                    block = part[down : down + size, along : along + size]
                    shades = "".join(map(str, block.ravel().tolist()))
                    found.append(f"{size}x{size} block {down} down, {along} along from {corner}: {shades}")
    return found


def average_hash(seen: View) -> int:
    """64 bits: which parts of a view are lighter than its mean."""
    bits = seen > seen.mean()
    return int("".join("1" if bit else "0" for bit in bits), 2)


def alike(one: View, other: View) -> bool:
    """Whether two views differ by two shades or less, on average."""
    return float(np.abs(one - other).mean()) <= 2.0


def view(picture: Grey) -> View:
    """Mean shades of 8 by 8 parts, row after row."""
    height, width = picture.shape
    down = np.linspace(0, height, _VIEW + 1).astype(int)
    along = np.linspace(0, width, _VIEW + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(picture.astype(np.int64), down[:-1], axis=0), along[:-1], axis=1)
    area = np.outer(np.diff(down), np.diff(along))
    means: View = (sums // np.maximum(area, 1)).ravel()
    return means
