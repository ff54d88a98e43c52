"""An exercise with a classifier: turn its answers by small changes, then train one that withstands them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from bartizan.core.errors import ConfigurationError
from bartizan.core.stats import Rate
from bartizan.range.meters.drawing import photographs
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade

TRAINING, TARGETS, HELD_OUT = 3000, 30, 150
_TURNED = 0.8
"""Share of the targets that an attack must turn."""
_ROUNDING = 1e-6


class Reader(Protocol):
    """What reads a photograph."""

    def predict_label(self, x: NDArray[Any], /) -> NDArray[np.int64]:
        """Pictures ``(n, 1, 12, 12)`` to digits ``(n,)``."""
        ...


R = TypeVar("R", bound=Reader)
Attack = Callable[[R, NDArray[Any], NDArray[np.int64], float], NDArray[Any]]
"""Reader, pictures, digits and the largest change of a pixel to changed pictures of the same shape."""


class ModelScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    epsilon: float
    """Largest change of a pixel."""
    stop_at_least: float
    keep_at_least: float

    def training(self, seed: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """What the utility trains on."""
        return photographs(seed, TRAINING)

    def targets(self, seed: int, reader: Reader) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Photographs that the utility's model reads right."""
        x, y = photographs(f"targets {seed}", 2 * TARGETS)
        right = np.flatnonzero(reader.predict_label(x) == y)[:TARGETS]
        return x[right], y[right]

    def grade_attack(self, seed: int, changed: NDArray[Any], reader: Reader) -> bool:
        """Whether most targets are now misread.

        Raises:
            ConfigurationError: these are no pictures of the targets, or a pixel changed more than is allowed.
        """
        x, y = self.targets(seed, reader)
        if changed.shape != x.shape or changed.dtype.kind != "f" or not np.isfinite(changed).all():
            raise ConfigurationError(
                f"the changed pictures are {changed.shape} of {changed.dtype}, not floats {x.shape}"
            )
        most = float(np.abs(changed - x).max())
        if most > self.epsilon + _ROUNDING or changed.min() < -_ROUNDING or changed.max() > 1 + _ROUNDING:
            raise ConfigurationError(
                f"a pixel changed by {most:.3f} or left [0, 1]",
                f"at most {self.epsilon:g} is allowed, in the order given",
            )
        return float((reader.predict_label(changed) != y).mean()) >= _TURNED

    def grade_defence(self, seed: int, weak: R, hardened: R, attack: Attack[R]) -> DefenceGrade:
        """Attack both models on held-out photographs; the attack adapts to each.

        A model that always answers the same, or that has learned nothing, loses what the weak one reads right.
        """
        x, y = photographs(f"held out {seed}", 2 * HELD_OUT)
        attacked = np.flatnonzero(weak.predict_label(x[:HELD_OUT]) == y[:HELD_OUT])
        turned = weak.predict_label(attack(weak, x[attacked], y[attacked], self.epsilon)) != y[attacked]
        working = attacked[turned]
        left = hardened.predict_label(attack(hardened, x[working], y[working], self.epsilon)) == y[working]
        left &= hardened.predict_label(x[working]) == y[working]
        plain, shown = x[HELD_OUT:], y[HELD_OUT:]
        read = np.flatnonzero(weak.predict_label(plain) == shown)
        kept = hardened.predict_label(plain[read]) == shown[read]
        stopped_rate, kept_rate = Rate(int(left.sum()), len(left)), Rate(int(kept.sum()), len(kept))
        passed: bool | None = None
        if min(stopped_rate.n, kept_rate.n) >= MIN_WORKING_ATTACKS:
            passed = stopped_rate.value >= self.stop_at_least and kept_rate.value >= self.keep_at_least
        return DefenceGrade(
            stopped=stopped_rate,
            kept=kept_rate,
            inconclusive=0,
            passed=passed,
            got_through=tuple(f"held-out {row}" for row in working[~left]),
            lost=tuple(f"plain {row}" for row in read[~kept]),
        )
