"""The protocol's datatypes and their numpy counterparts. What is not here (BF16) is refused.

Source: KServe, "Open Inference Protocol", section "Tensor Data Types".
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BYTES: Final = "BYTES"
FLOATS: Final = frozenset({"FP16", "FP32", "FP64"})
NUMERIC: Final[dict[str, np.dtype[np.generic]]] = {
    "BOOL": np.dtype("?"),
    "UINT8": np.dtype("u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
"""Little-endian, as they travel."""
MOST_DIMENSIONS: Final = 8


def known(datatype: str) -> bool:
    """True for a datatype that can be read."""
    return datatype == BYTES or datatype in NUMERIC
