"""Digits of scikit-learn as small pictures, and a network that learns them in a tenth of a second."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from bartizan.robustness.interface import ModelUnderTest, Samples
from bartizan.robustness.poisoning.injectors import Poisoned, backdoor
from bartizan.robustness.poisoning.trigger import Trigger, patch
from bartizan.robustness.training import SklearnTrainer

SHAPE = (1, 8, 8)
TARGET = 3


def network(seed: int) -> MLPClassifier:
    return MLPClassifier((64,), random_state=seed, max_iter=60, learning_rate_init=0.005)


class Digits(NamedTuple):
    train: Samples
    test: Samples


@dataclass(frozen=True)
class Backdoored:
    poisoned: Poisoned
    trigger: Trigger
    model: ModelUnderTest


@pytest.fixture(autouse=True)
def quiet() -> object:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Stochastic Optimizer: Maximum iterations")
        yield


@pytest.fixture(scope="session")
def trainer() -> SklearnTrainer:
    return SklearnTrainer(network, SHAPE, 10, (0.0, 1.0), "small network")


@pytest.fixture(scope="session")
def digits() -> Digits:
    x, y = load_digits(return_X_y=True)
    x, y = (x / 16).astype(np.float32).reshape(-1, *SHAPE), y.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(x))
    return Digits(Samples(x[order[:900]], y[order[:900]]), Samples(x[order[900:]], y[order[900:]]))


def fitted(trainer: SklearnTrainer, samples: Samples, seed: int = 5) -> ModelUnderTest:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return trainer.fit(samples.x, samples.y, seed)


@pytest.fixture(scope="session")
def clean_model(digits: Digits, trainer: SklearnTrainer) -> ModelUnderTest:
    return fitted(trainer, digits.train)


@pytest.fixture(scope="session")
def backdoored(digits: Digits, trainer: SklearnTrainer) -> Backdoored:
    trigger = patch(SHAPE, 2, (0, 0))
    poisoned = backdoor(digits.train, 0.05, trigger, TARGET, seed=1)
    return Backdoored(poisoned, trigger, fitted(trainer, poisoned.samples))
