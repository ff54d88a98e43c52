"""Rows of numbers to a bounded number of features, the same on every machine."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
MOST_FEATURES = 1_024
"""Wider rows are folded."""
SKETCH = 48
"""Numbers that are kept of a row to measure distances."""


def features_of(values: npt.NDArray[Any], rows: int) -> Matrix:
    """Each row flattened; more than 1,024 numbers are folded into as many by a count sketch.

    A count sketch adds each number, with a fixed random sign, to one of the buckets; scalar products are kept in
    expectation (M. Charikar, K. Chen, M. Farach-Colton, 2002).

    Args:
        values: of any numeric datatype; NaN and infinities are taken as 0 and as very large.
        rows: queries in it; its size is a multiple of that.

    Returns:
        Shape (rows, features).
    """
    flat = np.nan_to_num(values.reshape(rows, -1).astype(np.float64), posinf=1e30, neginf=-1e30)
    flat = np.clip(flat, -1e30, 1e30)
    width = flat.shape[1]
    if width <= MOST_FEATURES:
        return flat
    buckets, signs = _hashing(width)
    folded = np.zeros((rows, MOST_FEATURES))
    for row, target in zip(flat * signs, folded, strict=True):
        target += np.bincount(buckets, weights=row, minlength=MOST_FEATURES)
    return folded


def project(standard: Matrix) -> npt.NDArray[np.float32]:
    """Rows of standardised features to at most 48 numbers whose Euclidean distance is, per feature, about that of the
    rows.

    A projection with random signs keeps distances (D. Achlioptas, 2003); it sees every direction, where principal
    components would be blind to those in which benign inputs do not vary.
    """
    width = standard.shape[1]
    if width <= SKETCH:
        return np.asarray(standard / np.sqrt(width), dtype=np.float32)
    return np.asarray(standard @ _signs(width) / np.sqrt(SKETCH * width), dtype=np.float32)


@lru_cache(maxsize=16)
def _hashing(width: int) -> tuple[npt.NDArray[np.int64], Matrix]:
    drawn = np.frombuffer(_drawn(b"fold", width * 4), dtype="<u4")
    return (drawn >> 1).astype(np.int64) % MOST_FEATURES, np.where(drawn & 1, 1.0, -1.0)


@lru_cache(maxsize=16)
def _signs(width: int) -> Matrix:
    bits = np.unpackbits(np.frombuffer(_drawn(b"project", width * SKETCH // 8), dtype=np.uint8))
    return np.where(bits, 1.0, -1.0).reshape(width, SKETCH)


def _drawn(purpose: bytes, size: int) -> bytes:
    """Fixed for good: profiles that were made with it must keep their meaning."""
    return hashlib.shake_128(b"bartizan.tensors." + purpose).digest(size)
