"""Queries as they travel from a worker to whoever watches streams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bartizan.core.errors import KeeperError
from bartizan.inspection.tensors.features import SKETCH

Sketches = npt.NDArray[np.float32]


def pack(sketches: Sketches, digests: npt.NDArray[np.uint64], distances: npt.NDArray[np.float64]) -> bytes:
    """Queries as bytes.

    Args:
        sketches: shape (rows, numbers), of which there are at most 48.
        digests: of the rows' exact content, shape (rows,).
        distances: from benign rows, shape (rows,).
    """
    head = np.array(sketches.shape, "<u4").tobytes()
    return head + sketches.astype("<f4").tobytes() + digests.astype("<u8").tobytes() + distances.astype("<f8").tobytes()


def unpack(data: bytes) -> tuple[Sketches, npt.NDArray[np.uint64], npt.NDArray[np.float64]]:
    """The reverse. Raises KeeperError for anything else."""
    rows, width = np.frombuffer(data[:8], "<u4").tolist() if len(data) >= 8 else (0, 0)
    if not (rows > 0 and 0 < width <= SKETCH) or len(data) != 8 + rows * (4 * width + 16):
        raise KeeperError("queries are not what they announce")
    middle = 8 + rows * width * 4
    sketches = np.frombuffer(data[8:middle], "<f4").reshape(rows, width)
    digests = np.frombuffer(data[middle : middle + 8 * rows], "<u8")
    return sketches, digests, np.frombuffer(data[middle + 8 * rows :], "<f8")
