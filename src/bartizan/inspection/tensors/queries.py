"""Queries as they travel from a worker to whoever watches streams."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bartizan.core.errors import KeeperError
from bartizan.inspection.tensors.features import SKETCH
from bartizan.inspection.tensors.steps import MARKS, Values

Sketches = npt.NDArray[np.float32]
_HEAD = 12


class Queries(NamedTuple):
    """What travels; row for row."""

    sketches: Sketches
    digests: npt.NDArray[np.uint64]
    distances: npt.NDArray[np.float64]
    marks: Values
    """Shape (rows, 0) where the profile has none."""


def pack(
    sketches: Sketches,
    digests: npt.NDArray[np.uint64],
    distances: npt.NDArray[np.float64],
    marks: Values | None = None,
) -> bytes:
    """Queries as bytes.

    Args:
        sketches: shape (rows, numbers), of which there are at most 48.
        digests: of the rows' exact content, shape (rows,).
        distances: from benign rows, shape (rows,).
        marks: shape (rows, marks), of which there are at most 96; None: none.
    """
    rows, width = sketches.shape
    marked = np.empty((rows, 0), np.uint8) if marks is None else marks
    parts = (
        np.array((rows, width, marked.shape[1]), "<u4"), sketches.astype("<f4"), digests.astype("<u8"),
        distances.astype("<f8"), marked.astype(np.uint8),
    )  # fmt: skip
    return b"".join(part.tobytes() for part in parts)


def unpack(data: bytes) -> Queries:
    """The reverse. Raises KeeperError for anything else."""
    rows, width, marks = np.frombuffer(data[:_HEAD], "<u4").tolist() if len(data) >= _HEAD else (0, 0, 0)
    sound = rows > 0 and 0 < width <= SKETCH and marks <= MARKS
    if not sound or len(data) != _HEAD + rows * (4 * width + 16 + marks):
        raise KeeperError("queries are not what they announce")
    digests = _HEAD + 4 * rows * width
    distances, marked = digests + 8 * rows, digests + 16 * rows
    return Queries(
        np.frombuffer(data[_HEAD:digests], "<f4").reshape(rows, width),
        np.frombuffer(data[digests:distances], "<u8"),
        np.frombuffer(data[distances:marked], "<f8"),
        np.frombuffer(data[marked:], np.uint8).reshape(rows, marks),
    )
