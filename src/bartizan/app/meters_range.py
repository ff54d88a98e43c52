"""The utility's model and the attack on handed-in ones, for the range's grader."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bartizan.app.handed_arrays import LARGEST, array
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.range.scenarios.model_scenario import ModelScenario
from bartizan.robustness.evasion.ball import Norm, ball_for
from bartizan.robustness.evasion.ensemble import evade
from bartizan.robustness.evasion.stages import plan as stages
from bartizan.robustness.gallery.recipes import perceptron
from bartizan.robustness.interface import Access, Effort, ModelUnderTest, Samples
from bartizan.robustness.models.saved import save, saved
from bartizan.robustness.training import SklearnTrainer
from bartizan.supplychain.scanning import ArtefactScanner

_EFFORT = Effort(queries=300, steps=30)


@lru_cache(maxsize=2)
def utility_model(scenario: ModelScenario, seed: int) -> ModelUnderTest:
    """What the utility trains on its photographs; the same seed gives the same model."""
    x, y = scenario.training(seed)
    make = partial(perceptron, hidden=64, rounds=60)
    return SklearnTrainer(make, x.shape[1:], 10, (0.0, 1.0), "meter reader").fit(x, y, seed)


def plant(scenario: ModelScenario, seed: int, folder: Path) -> ModelUnderTest:
    """Write model, training photographs and targets below ``folder``."""
    model = utility_model(scenario, seed)
    folder.mkdir(parents=True, exist_ok=True)
    save(model, folder / "model.npz")
    x, y = scenario.training(seed)
    targets, shown = scenario.targets(seed, model)
    with (folder / "data.npz").open("wb") as file:
        np.savez(file, x_train=x, y_train=y, x_test=targets, y_test=shown)
    np.save(folder / "targets.npy", targets)
    return model


def pictures(path: Path) -> NDArray[Any]:
    """The learner's changed photographs. Raises ConfigurationError."""
    return array(path)


def handed_in(path: Path, shape: tuple[int, ...] = (1, 12, 12), classes: int = 10) -> ModelUnderTest:
    """The learner's model, judged by the gate before it is read.

    Raises:
        ConfigurationError: too large, or a model of another kind.
        UnusableModelError: refused by the gate, or broken.
    """
    shown = printable(str(path), 300)
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise ConfigurationError(f"{shown} is no model of at most {LARGEST >> 20} MiB")
    report = ArtefactScanner().scan(path)
    if report.verdict.rank:
        raise ConfigurationError(f"{shown} is not read: {report.verdict}", f"see: bartizan scan {shown}")
    model, _ = saved(path)
    if tuple(model.shape) != shape or model.classes != classes or model.access is not Access.GRADIENTS:
        raise ConfigurationError(
            f"{shown} reads {model.shape} as {model.classes} classes", f"{shape} and {classes} are needed"
        )
    return model


def adaptive(model: ModelUnderTest, x: NDArray[Any], y: NDArray[np.int64], epsilon: float) -> NDArray[Any]:
    """The strongest attack of the product at this budget, with the gradients of the very model."""
    ball = ball_for(model, Norm.LINF, epsilon)
    return evade(model, Samples(x, y), ball, stages(model, _EFFORT, x, y), seed=0).x
