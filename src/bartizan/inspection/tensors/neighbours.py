"""Distances between the queries of one stream."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Sketches = npt.NDArray[np.float32]


def distances(row: npt.NDArray[np.float32], earlier: Sketches) -> npt.NDArray[np.float32]:
    """Euclidean distance of ``row`` to each row of ``earlier``, shape (earlier,)."""
    apart = earlier - row
    found: npt.NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", apart, apart))
    return found


def nearest(far: npt.NDArray[np.float32], neighbour: int) -> float:
    """The ``neighbour``-th smallest distance; infinite if there are fewer."""
    if far.size < neighbour:
        return float("inf")
    return float(np.partition(far, neighbour - 1)[neighbour - 1])
