"""Arrays that a learner hands in: bounded, and never unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable

LARGEST: Final = 64 << 20


def array(path: Path) -> NDArray[Any]:
    """One array. Raises ConfigurationError for anything else."""
    shown = printable(str(path), 300)
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigurationError(f"{shown} is larger than {LARGEST >> 20} MiB")
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ConfigurationError(
            f"{shown} is no array: {printable(str(error), 150)}", "write it with numpy.save"
        ) from None
    if not isinstance(found, np.ndarray):
        raise ConfigurationError(f"{shown} holds several arrays", "write one with numpy.save")
    return found


def floats(path: Path, shape: tuple[int, ...], nan: bool = False) -> NDArray[Any]:
    """One array of floats; -1 in ``shape`` fits any length. Raises ConfigurationError."""
    found = array(path)
    fits = found.ndim == len(shape) and all(want in (-1, have) for want, have in zip(shape, found.shape, strict=True))
    if not fits or found.dtype.kind not in "fiu" or np.isinf(found).any() or (np.isnan(found).any() and not nan):
        raise ConfigurationError(f"{printable(str(path), 300)} is {found.shape} of {found.dtype}, not numbers {shape}")
    return found.astype(np.float64)
