"""Readings of lots of grain, drawn from a seed: what customers of a grading house ask about, and the true grades."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

READINGS: Final = 24
GRADES: Final = 4
LIMIT: Final = 6.0
"""Readings lie within it, to both sides of zero."""
_KINDS: Final = 6
"""Of grain; each customer trades in some more than in others."""
_HIDDEN: Final = 8
_REPEATED: Final = 0.05
SMALLEST, LARGEST = 20, 300
"""Questions of one customer."""


def lots(seed: int | str, count: int, law: int, taste: NDArray[Any] | None = None) -> NDArray[Any]:
    """``count`` lots ``(count, 24)``.

    Args:
        seed: of the lots.
        count: how many.
        law: seed of how readings hang together, and of the grades.
        taste: share of each of six kinds; all alike without it.
    """
    centres, spread, _ = _law(law)
    chance = np.random.default_rng([*f"lots {seed}".encode()])
    kinds = chance.choice(_KINDS, count, p=taste)
    hidden = centres[kinds] + 0.8 * chance.normal(size=(count, _HIDDEN))
    x: NDArray[Any] = np.clip(hidden @ spread + 0.5 * chance.normal(size=(count, READINGS)), -LIMIT, LIMIT)
    return x


def grades(x: NDArray[Any], law: int) -> NDArray[np.int64]:
    """The true grades ``(n,)``."""
    scores = x @ _law(law)[2]
    best: NDArray[np.int64] = (scores / scores.std(axis=0)).argmax(axis=1)
    return best


def customer(name: str, law: int) -> NDArray[Any]:
    """What one customer asks, in order: 20 to 300 lots of the kinds that he trades in, a few of them twice."""
    chance = np.random.default_rng([*f"customer {name} {law}".encode()])
    count = int(chance.integers(SMALLEST, LARGEST + 1))
    x = lots(f"{name} {law}", count, law, chance.dirichlet(np.full(_KINDS, 2.0)))
    for place in np.flatnonzero(chance.random(count) < _REPEATED):
        x[place] = x[chance.integers(0, place + 1)]
    return x


def _law(law: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    chance = np.random.default_rng([*f"law {law}".encode()])
    centres = chance.normal(size=(_KINDS, _HIDDEN))
    spread = 1.2 / np.sqrt(_HIDDEN) * chance.normal(size=(_HIDDEN, READINGS))
    weights = chance.normal(size=(READINGS, GRADES))
    return centres, spread, weights - weights.mean(axis=1, keepdims=True)
