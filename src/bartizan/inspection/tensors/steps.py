"""Steps from one query to the next: is every one of some values near what it was in one earlier query?

Whoever augments along a Jacobian moves all values of an earlier query by at most a step (N. Papernot et al., 2017).
Distances of whole rows do not show it: many small steps are as long as a few large ones. The largest difference does.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

MARKS: Final = 96
"""Values of a row that are compared, at most."""
REMEMBERED: Final = 512
"""Earlier queries whose values are remembered, whatever the profile's window: in a mixture, steps lie far apart."""
_LEVELS = 255

Values = npt.NDArray[np.uint8]


class Marks(NamedTuple):
    """Which values of a row are compared, and in which range."""

    places: npt.NDArray[np.int64]
    """In the flat row, before folding; shape (marks,)."""
    low: npt.NDArray[np.float64]
    width: npt.NDArray[np.float64]
    """From the smallest to the largest value of benign rows, greater than 0; shape (marks,)."""

    def of(self, values: npt.NDArray[np.generic], rows: int) -> Values:
        """The marked values of each row in 256 steps of their range, shape (rows, marks); beyond the range, its end."""
        flat = values.reshape(rows, -1)[:, self.places].astype(np.float64)
        inside = np.clip(np.nan_to_num((flat - self.low) / self.width, nan=0.0), 0.0, 1.0)
        return np.asarray(np.rint(inside * _LEVELS), np.uint8)


def choose(values: npt.NDArray[np.generic], rows: int, seed: int) -> Marks:
    """Marks drawn from the three quarters of the varying values that vary most, in parts of their range.

    Args:
        values: benign rows.
        rows: how many.
        seed: which of them; whoever knows the marks can step around them.
    """
    flat = values.reshape(rows, -1)
    low, high = flat.min(axis=0).astype(np.float64), flat.max(axis=0).astype(np.float64)
    varying = np.flatnonzero(np.isfinite(high - low) & (high > low))
    spread = flat[:, varying].astype(np.float64).std(axis=0) / (high - low)[varying]
    fit = varying[np.argsort(-spread, kind="stable")[: max(1, -(-3 * len(varying) // 4))]] if len(varying) else varying
    places = np.sort(np.random.default_rng(abs(seed)).choice(fit, min(MARKS, len(fit)), replace=False))
    return Marks(places.astype(np.int64), low[places], (high - low)[places])


def largest(row: Values, earlier: Values) -> npt.NDArray[np.int64]:
    """The largest difference between the values of ``row`` and of each of ``earlier``, shape (earlier,), 0 to 255."""
    found: npt.NDArray[np.int64] = np.abs(earlier.astype(np.int16) - row.astype(np.int16)).max(axis=1).astype(np.int64)
    return found
