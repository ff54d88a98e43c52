"""Which steps between a client's queries benign ones hardly make."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from bartizan.core.query_watch import Level
from bartizan.inspection.tensors.clients import runs, spread_out
from bartizan.inspection.tensors.steps import REMEMBERED, Values, largest

_SHARE: Final = 0.01
"""Of benign queries that may be a step from one of the 512 before."""
_MOST: Final = 0.05
"""With so few rows behind the level that more than this share may be, nothing is asked."""
_COMMON: Final = 0.1
"""Share of queries, those nearest to an earlier one, that shows how much clients differ: rare ones are too few."""

Owners = npt.NDArray[np.int64] | None


def nearest_steps(
    marks: Values, digests: npt.NDArray[np.uint64], owners: Owners, begin: int, end: int, window: int
) -> npt.NDArray[np.int64]:
    """The smallest of the largest differences to the rows in the window before, 256 where there is none; shape
    (end - begin,). Only a client's own rows count where clients are told, and the very same row never."""
    found = np.full(end - begin, 256, np.int64)
    for place in range(begin, end):
        earlier = slice(max(0, place - window), place)
        other = digests[earlier] != digests[place]
        if owners is not None:
            other &= owners[earlier] == owners[place]
        if other.any():
            found[place - begin] = largest(marks[place], marks[earlier][other]).min()
    return found


def level_of(steps: npt.NDArray[np.int64], owners: Owners, window: int, seed: int) -> Level | None:
    """The level of a stream that remembers 512 queries.

    The smallest difference to 512 earlier queries is below a value at most 512 / window times as often as that to a
    window of them (union bound), which is all that clients who sent little can tell. Where clients differ in a rare
    event they are taken to do so by the same factor as in a common one, so that the first parameter of the beta law is
    the same for both.

    Args:
        steps: see :func:`nearest_steps`, of rows with a whole window before them.
        owners: their clients, whose rows stand together; None: not told.
        window: of those rows.
        seed: of the resampling of clients.

    Returns:
        None where there are too few rows, or benign rows do not differ.
    """
    n, longer = len(steps), max(1.0, REMEMBERED / window)
    beyond = max(1, math.floor(_SHARE / longer * (n + 1)))
    share = longer * beyond / (n + 1)
    if share > _MOST:
        return None
    ranked = np.sort(steps)
    value = int(ranked[beyond - 1])
    of = (n + 1) / longer
    if owners is not None:
        common = float(ranked[max(0, math.ceil(_COMMON * n) - 1)])
        spread = spread_out(Level(common, _COMMON, n + 1.0), steps < common, runs(owners), seed)
        of = min(of, spread.share * spread.of / share)
    return Level(float(value), share, of) if 0 < value <= 255 else None
