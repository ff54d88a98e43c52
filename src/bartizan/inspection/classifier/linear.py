"""The first stage: a linear model that reads everything, in windows."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.ngrams import BUCKETS, features, fold

WINDOW = 1_000
"""Characters of a window; neighbours overlap by half."""


class Screened(NamedTuple):
    """Windows of a text with their logits."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    logits: NDArray[np.float32]
    """[windows, heads]"""


class Linear:
    """Weights over hashed features. Immutable.

    Args:
        weights: int8 [heads, buckets].
        scales: [heads]; a weight is worth ``scale`` times its integer.
        biases: [heads].
    """

    def __init__(self, weights: NDArray[np.int8], scales: NDArray[np.float32], biases: NDArray[np.float32]) -> None:
        if weights.dtype != np.int8 or weights.ndim != 2 or weights.shape[1] != BUCKETS:
            raise ArtefactError("linear weights have a wrong shape", "reinstall the package")
        if scales.shape != weights.shape[:1] or biases.shape != weights.shape[:1]:
            raise ArtefactError("linear scales do not fit the weights", "reinstall the package")
        self._weights = np.ascontiguousarray(weights.T)
        self._scales = scales.astype(np.float32)
        self._biases = biases.astype(np.float32)

    @classmethod
    def load(cls, path: Path) -> Linear:
        """From an ``.npz`` with ``weights``, ``scales`` and ``biases``. Raises ArtefactError."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(arrays["weights"], arrays["scales"], arrays["biases"])
        except (OSError, ValueError, KeyError) as error:
            raise ArtefactError(f"{path.name}: not linear weights: {error}", "reinstall the package") from None

    def screen(self, text: str) -> Screened:
        """Logits of every window: the sum of its features' weights over the square root of their number."""
        length = len(text)
        size = max(length, 1)
        sums = np.zeros((size + 1, self._weights.shape[1]), np.int64)
        counts = np.zeros(size + 1, np.int64)
        for buckets, starts in zip(*features(fold(text)), strict=True):
            counts[starts + 1] += 1  # starts are distinct within a kind
            sums[starts + 1] += self._weights[buckets]
        sums = np.cumsum(sums, axis=0)
        counts = np.cumsum(counts)
        starts, ends = _windows(size)
        number = np.maximum(counts[ends] - counts[starts], 1)[:, None]
        totals = (sums[ends] - sums[starts]).astype(np.float32) * self._scales
        logits = totals / np.sqrt(number, dtype=np.float32) + self._biases
        return Screened(starts, np.minimum(ends, length), logits.astype(np.float32))


def _windows(length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if length <= WINDOW + WINDOW // 2:
        return np.array([0]), np.array([length])
    starts = np.arange(0, length - WINDOW // 2, WINDOW // 2)
    starts[-1] = length - WINDOW
    return starts, starts + WINDOW
