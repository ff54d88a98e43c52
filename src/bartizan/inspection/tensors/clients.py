"""Benign clients differ from each other: how much, so that one who is merely unlike the average is not called a thief.

With counts per client, the common probability of the beta-binomial law is not only uncertain but different for each;
its spread is the intraclass correlation, estimated by moments (J. K. Haseman and L. L. Kupper, 1979). Classes are
corrected by the design effect of the same correlation (J. N. K. Rao and A. J. Scott, 1981).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bartizan.core.query_watch import Level

Ids = npt.NDArray[np.int64]
FEWEST = 20
"""Clients from whom a spread can be estimated."""
_RESAMPLES = 200
_UPPER = 90.0
"""Percentile of the estimate that is used: with few clients it is uncertain, and too small a one means false alarms."""
_WIDEST = 0.95


class Split(NamedTuple):
    """Rows in their new order, and where the second and the third part begin."""

    order: Ids
    half: int
    rest: int


def split_by_client(clients: Ids, seed: int) -> Split:
    """Whole clients in each part, half, a quarter and a quarter of the rows; each client's rows keep their order."""
    names, counts = np.unique(clients, return_counts=True)
    shuffled = np.random.default_rng(abs(seed)).permutation(len(names))
    ends = np.cumsum(counts[shuffled])
    first = int(np.searchsorted(ends, len(clients) / 2))
    second = int(np.searchsorted(ends, len(clients) * 3 / 4))
    order = np.concatenate([np.nonzero(clients == names[one])[0] for one in shuffled])
    return Split(order, int(ends[first]), int(ends[max(second, first)]))


def runs(clients: Ids) -> list[slice]:
    """Where each client's rows stand, in rows that are ordered by client."""
    starts = [0, *(np.nonzero(np.diff(clients))[0] + 1).tolist(), len(clients)]
    return [slice(begin, end) for begin, end in pairwise(starts) if end > begin]


def usual_window(clients: Ids, most: int) -> int:
    """Half of what a client usually sent: so many earlier rows can be looked at, and their law still be learned."""
    return int(np.clip(np.median([one.stop - one.start for one in runs(clients)]) // 2, 1, most))


def correlation(counts: npt.NDArray[np.float64], seed: int) -> float:
    """The intraclass correlation of benign counts, an upper estimate in [0, 0.95].

    Args:
        counts: shape (clients, outcomes), how often each client had each outcome.
        seed: of the resampling of clients.
    """
    chance = np.random.default_rng(abs(seed) + 3)
    drawn = [_moments(counts[chance.integers(0, len(counts), len(counts))]) for _ in range(_RESAMPLES)]
    return float(np.clip(np.percentile(drawn, _UPPER), 0.0, _WIDEST))


def spread_out(level: Level, flags: npt.NDArray[np.bool_], clients: Sequence[slice], seed: int) -> Level:
    """The level, with as few benign values behind it as the spread between clients leaves it worth.

    Args:
        level: found on all rows together.
        flags: whether each row lies beyond it.
        clients: where each client's rows stand.
        seed: of the resampling.
    """
    beyond = np.array([float(flags[one].sum()) for one in clients])
    sizes = np.array([float(one.stop - one.start) for one in clients])
    share = max(float(beyond.sum()), 1.0) / float(sizes.sum())
    found = correlation(np.stack([beyond, sizes - beyond], axis=1), seed)
    worth = min(level.of + 1.0, max(1.0 / max(found, 1e-9) - 1, 0.05))
    return Level(level.value, share, worth)


def _moments(counts: npt.NDArray[np.float64]) -> float:
    sizes = counts.sum(axis=1)
    total = sizes.sum()
    shares = counts.sum(axis=0) / total
    kept = shares > 0
    if kept.sum() < 2:
        return 0.0
    expected = sizes[:, None] * shares[None, kept]
    statistic = float(((counts[:, kept] - expected) ** 2 / expected).sum()) / (int(kept.sum()) - 1)
    groups = len(sizes) - 1
    room = float(total - (sizes**2).sum() / total) - groups
    return (statistic - groups) / room if room > 0 else 0.0
