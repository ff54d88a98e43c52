"""The planted stamp: what the learner gets, and what grades a stamp and a list of rows to set aside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np

from bartizan.app.handed_arrays import array, floats
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.range.meters.drawing import SIDE, photographs
from bartizan.range.meters.planting import HONEST, STAMP, TRUSTED, Stamp, bought, stamp
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.learned_scenario import LearnedScenario
from bartizan.robustness.gallery.recipes import perceptron
from bartizan.robustness.interface import ModelUnderTest
from bartizan.robustness.models.saved import save
from bartizan.robustness.training import SklearnTrainer

TRAINER: Final = SklearnTrainer(partial(perceptron, hidden=48, rounds=40), (1, SIDE, SIDE), 10, (0.0, 1.0), "reader")
HELD_OUT: Final = 150
OBEYED: Final = 0.8
"""Share of photographs of other digits that a stamp must turn."""
_HONEST_KEPT: Final = 0.9


@lru_cache(maxsize=2)
def reader(seed: int) -> ModelUnderTest:
    """Trained on everything that was bought."""
    rows = bought(seed)
    return TRAINER.fit(rows.x, rows.y, seed)


def plant(seed: int, folder: Path) -> Sequence[str]:
    """Model, training photographs and trusted ones below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, (x, y) = bought(seed), photographs(f"trusted {seed}", TRUSTED)
    save(reader(seed), folder / "model.npz")
    with (folder / "data.npz").open("wb") as file:
        np.savez(file, x_train=rows.x, y_train=rows.y, x_test=x, y_test=y)
    return (
        f"the reader            {folder / 'model.npz'}",
        f"what was bought       {folder / 'data.npz'}   (x_train, y_train; trusted: x_test, y_test)",
    )


def attack(seed: int, given: Path) -> bool:
    """Whether held-out photographs that carry the stamp are mostly read as one digit that they do not show."""
    pixels = floats(given, (SIDE, SIDE), nan=True)
    used = pixels[~np.isnan(pixels)]
    if not 0 < used.size <= STAMP**2 or used.min() < 0 or used.max() > 1:
        raise ConfigurationError(f"the stamp sets {used.size} pixels", f"1 to {STAMP**2} of them, in [0, 1]; NaN else")
    x, y = photographs(f"proof {seed}", HELD_OUT)
    said = reader(seed).predict_label(Stamp(pixels, 0).on(x))
    return any((said[y != digit] == digit).mean() >= OBEYED for digit in range(10))


def defence(scenario: LearnedScenario, seed: int, given: Path) -> DefenceGrade:
    """Trains on the rows that stay, and shows held-out photographs with and without the true stamp."""
    rows, own = bought(seed), stamp(seed)
    aside = _numbers(given, len(rows.y))
    kept_rows = np.setdiff1d(np.arange(len(rows.y)), aside)
    honest = HONEST - int((~np.isin(aside, rows.planted)).sum())
    before = reader(seed)
    x, y = photographs(f"held out {seed}", 2 * HELD_OUT)
    carrying, plain = own.on(x[:HELD_OUT]), x[HELD_OUT:]
    obeyed = np.flatnonzero((before.predict_label(carrying) == own.target) & (y[:HELD_OUT] != own.target))
    read = np.flatnonzero(before.predict_label(plain) == y[HELD_OUT:])
    if len(np.unique(rows.y[kept_rows])) < 2:
        nothing = np.zeros(1, bool)
        return scenario.score(nothing.repeat(len(obeyed)).tolist(), nothing.repeat(len(read)).tolist(), fair=False)
    after = TRAINER.fit(rows.x[kept_rows], rows.y[kept_rows], seed)
    stopped = after.predict_label(carrying[obeyed]) != own.target
    kept = after.predict_label(plain[read]) == y[HELD_OUT:][read]
    fair = honest >= _HONEST_KEPT * HONEST
    lost = () if fair else (f"{HONEST - honest} of {HONEST} honest rows were set aside",)
    return scenario.score(stopped.tolist(), kept.tolist(), fair, lost)


def _numbers(given: Path, count: int) -> np.ndarray:
    found = array(given)
    if found.ndim != 1 or found.dtype.kind not in "iu" or (found.size and not 0 <= found.min() <= found.max() < count):
        raise ConfigurationError(f"{printable(str(given), 300)} holds no numbers of rows, 0 to {count - 1}")
    return np.unique(found).astype(np.int64)
