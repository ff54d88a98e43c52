"""Readings of invented patients, drawn from a seed: two conditions, hard to tell apart, labels with mistakes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

READINGS: Final = 16
CONDITIONS: Final = 3
_APART: Final = 0.75
_MISTAKES: Final = 0.25


def patients(seed: int | str, count: int, law: int | str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """``count`` rows ``(count, 16)`` and conditions ``(count,)``.

    Args:
        seed: of the patients.
        count: how many.
        law: seed of how readings and conditions hang together, the same for patients of one region.
    """
    centres = _APART * np.random.default_rng([*f"law {law}".encode()]).normal(size=(CONDITIONS, READINGS))
    chance = np.random.default_rng([*f"patients {seed}".encode()])
    truth = chance.integers(0, CONDITIONS, count)
    x = centres[truth] + chance.normal(size=(count, READINGS))
    wrong = chance.random(count) < _MISTAKES
    y = np.where(wrong, chance.integers(0, CONDITIONS, count), truth)
    return np.clip(x, -6, 6), y.astype(np.int64)
