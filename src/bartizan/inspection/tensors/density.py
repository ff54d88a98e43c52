"""How unlike benign rows a row is: Mahalanobis distance under probabilistic principal components.

The covariance is that of the leading components plus the same variance in every other direction (M. E. Tipping and
C. M. Bishop, 1999), which can be estimated and inverted from fewer rows than there are features.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bartizan.inspection.tensors.features import Matrix

MOST_COMPONENTS = 32
LONGEST = 25.0
"""Standard deviations at which a single feature is cut off."""
_FLOOR = 0.05
"""Of the median deviation: what a feature may be taken to vary at least, also one that never did."""


class Density(NamedTuple):
    """What was learned from benign rows."""

    mean: npt.NDArray[np.float64]
    """Shape (features,)."""
    scale: npt.NDArray[np.float64]
    """Shape (features,); standard deviations, none of them 0."""
    components: Matrix
    """Shape (components, features), orthonormal."""
    variances: npt.NDArray[np.float64]
    """Shape (components,)."""
    rest: float
    """Variance in each other direction."""

    def standard(self, features: Matrix) -> Matrix:
        """Features in standard deviations from their mean, cut off at 25."""
        return np.clip((features - self.mean) / self.scale, -LONGEST, LONGEST)

    def distance(self, standard: Matrix) -> npt.NDArray[np.float64]:
        """Squared Mahalanobis distance per feature, shape (rows,); about 1 for rows like the benign ones."""
        along = standard @ self.components.T
        inside = (along**2 / self.variances).sum(axis=1)
        outside = np.maximum((standard**2).sum(axis=1) - (along**2).sum(axis=1), 0) / self.rest
        squared: npt.NDArray[np.float64] = (inside + outside) / standard.shape[1]
        return squared


def fit(features: Matrix) -> Density:
    """Learn from benign rows, shape (rows, features), at least two of them.

    Raises:
        ValueError: fewer than two rows, or no feature varies.
    """
    rows, width = features.shape
    if rows < 2:
        raise ValueError("a density needs at least two rows")
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    if not (deviation > 0).any():
        raise ValueError("no feature varies: all rows are the same")
    scale = np.maximum(deviation, _FLOOR * float(np.median(deviation[deviation > 0])))
    standard = np.clip((features - mean) / scale, -LONGEST, LONGEST)
    values, vectors = np.linalg.eigh(np.cov(standard, rowvar=False).reshape(width, width))
    kept = min(MOST_COMPONENTS, width, rows - 1)
    order = np.argsort(values)[::-1]
    rest = values[order[kept:]]
    floor = max(1e-3, float(rest.mean()) if rest.size else 1e-3)
    return Density(mean, scale, vectors[:, order[:kept]].T, np.maximum(values[order[:kept]], floor), floor)
