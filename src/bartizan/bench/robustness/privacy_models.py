"""The models whose leakage is measured: overfit, regularised, private. One architecture, one set of rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bartizan.robustness import data
from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import AuditData, Trainer
from bartizan.robustness.models.dp_training import DPTrainer
from bartizan.robustness.models.torch_training import TorchTrainer

if TYPE_CHECKING:
    import torch

FASHION: Final = Path("/usr/share/datasets/fashion-mnist")
TRAIN: Final = 4_000
TEST: Final = 10_000
OVERFIT: Final = "overfit"
REGULARISED: Final = "regularised"
PRIVATE: Final = "DP-SGD"


def perceptron(shape: tuple[int, ...], classes: int) -> torch.nn.Sequential:
    """One hidden layer of 64."""
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 64), nn.ReLU(), nn.Linear(64, classes))


def dropping(shape: tuple[int, ...], classes: int) -> torch.nn.Sequential:
    """The same, half of whose hidden units rest in each step."""
    from torch import nn

    layers = list(perceptron(shape, classes))
    return nn.Sequential(*layers[:-1], nn.Dropout(0.5), layers[-1])


def trainers(epsilon: float = 4.0) -> dict[str, Callable[[], Trainer]]:
    """By name; each call makes one."""
    return {
        OVERFIT: lambda: TorchTrainer(perceptron, epochs=40, batch=64),
        PRIVATE: lambda: DPTrainer(perceptron, epsilon=epsilon, epochs=8),
        REGULARISED: lambda: TorchTrainer(dropping, epochs=8, batch=64),
    }


def rows(folder: Path = FASHION, seed: int = 0) -> AuditData:
    """Few training rows of Fashion-MNIST and many that are none, all drawn from its training part.

    Raises:
        AuditError: the data set is not installed.
    """
    if not folder.is_dir():
        raise AuditError(f"{folder} does not exist", "install the Debian package dataset-fashion-mnist")
    pool = data.load(folder).train
    if pool is None or len(pool) < TRAIN + TEST:
        raise AuditError(f"{folder} has fewer than {TRAIN + TEST} training rows")
    order = np.random.default_rng(seed).permutation(len(pool))
    train, test = pool[order[:TRAIN]], pool[order[TRAIN : TRAIN + TEST]]
    return AuditData(train, test, data.digest(train.x, train.y, test.x, test.y))
