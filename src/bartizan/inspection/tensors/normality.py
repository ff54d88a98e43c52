"""The Shapiro-Francia statistic: how straight a normal plot of the values is.

Source: S. S. Shapiro and R. S. Francia, 1972; P. Royston, 1993, for the normal law of its transform. PRADA (M. Juuti et
al., 2019) asks the sister test of Shapiro and Wilk whether distances between the queries of a client look natural.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt


def crookedness(values: npt.NDArray[np.float64]) -> float:
    """``ln(1 - W')``: the higher, the less normal; -inf where fewer than 5 values are left or all are the same.

    Values beyond three standard deviations are left out first, as PRADA does.
    """
    apart = np.abs(values - values.mean()) if values.size else values
    kept = np.sort(values[apart <= 3 * values.std()]) if values.size else values
    if kept.size < 5 or kept[0] == kept[-1]:
        return float("-inf")
    centred = kept - kept.mean()
    expected = _scores(kept.size)
    straight = float((expected @ centred) ** 2 / ((expected @ expected) * (centred @ centred)))
    return float(np.log(max(1e-12, 1 - straight)))


@lru_cache(maxsize=1_024)
def _scores(size: int) -> npt.NDArray[np.float64]:
    """Expected normal order statistics, by Blom's approximation."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((rank - 0.375) / (size + 0.25)) for rank in range(1, size + 1)])
