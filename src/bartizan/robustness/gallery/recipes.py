"""What the gallery trains: each recipe says on what, how, and which weakness it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bartizan.robustness.data import digest
from bartizan.robustness.defences.adversarial_training import Perturbation
from bartizan.robustness.errors import AuditError
from bartizan.robustness.gallery.hardened import HardenedTrainer
from bartizan.robustness.gallery.rows import rows
from bartizan.robustness.interface import AuditData, ModelUnderTest, Samples, Trainer
from bartizan.robustness.poisoning.injectors import backdoor
from bartizan.robustness.poisoning.trigger import patch
from bartizan.robustness.training import SklearnTrainer

_UNIT: Final = (0.0, 1.0)
_LEFT: Final = 2_000
"""Training rows that a recipe leaves out and that go to the test rows."""


@dataclass(frozen=True)
class Recipe:
    """One model of the gallery."""

    id: str
    data: str
    trainer: Callable[[], Trainer]
    shows: str
    """Why it is there, in plain words."""
    most: int | None = None
    """Training rows used."""
    needs: str = ""
    """The extra beside ``ml``."""

    poison: Callable[[Samples], Samples] | None = None
    """What was done to the training rows before they were bought."""

    def rows(self) -> AuditData:
        """Its data, with the training rows that it uses."""
        found = self._rows()
        if found.train is None or self.poison is None:
            return found
        train = self.poison(found.train)
        return AuditData(train, found.test, digest(train.x, train.y, found.test.x, found.test.y), found.columns)

    def _rows(self) -> AuditData:
        found = rows(self.data)
        if found.train is None or self.most is None:
            return found
        left = found.train[slice(self.most, self.most + _LEFT)]
        test = found.test if not len(left) else Samples(*_joined(found.test, left))
        return AuditData(found.train[slice(0, self.most)], test, found.digest, found.columns)

    def train(self, data: AuditData, seed: int = 0) -> ModelUnderTest:
        """The model."""
        if data.train is None:
            raise AuditError(f"{self.id} has no training rows")
        return self.trainer().fit(data.train.x, data.train.y, seed)


def recipe(name: str) -> Recipe:
    """By its id. Raises AuditError."""
    for one in RECIPES:
        if one.id == name:
            return one
    raise AuditError(f"the gallery has no {name}", "see: bartizan audit gallery")


def _joined(one: Samples, other: Samples) -> tuple[Any, Any]:
    import numpy as np

    return np.concatenate([one.x, other.x]), np.concatenate([one.y, other.y])


def perceptron(seed: int, hidden: int = 128, alpha: float = 1e-4, rounds: int = 200) -> Any:
    """scikit-learn's MLPClassifier with one hidden layer."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((hidden,), alpha=alpha, max_iter=rounds, tol=0, n_iter_no_change=rounds, random_state=seed)


def linear(seed: int, strength: float = 10.0) -> Any:
    """scikit-learn's LogisticRegression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=2000, random_state=seed)


def forest(seed: int) -> Any:
    """scikit-learn's RandomForestClassifier of 100 trees."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, random_state=seed)


def boosting(seed: int) -> Any:
    """scikit-learn's HistGradientBoostingClassifier."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=60, random_state=seed)


def _digits(make: Callable[[int], Any], name: str) -> Callable[[], Trainer]:
    return partial(SklearnTrainer, make, (1, 8, 8), 10, _UNIT, name)


def _network(epochs: int, name: str, radius: float = 0.0) -> Trainer:
    from bartizan.robustness.models.torch_training import TorchTrainer

    return TorchTrainer(epochs=epochs, name=name, perturb=Perturbation(radius) if radius else None)


def _badnets(clean: Samples, size: int) -> Samples:
    """A patch in a corner of 5% of the rows, which are relabelled 0."""
    shape = clean.x.shape[1:]
    place = (shape[1] - size, shape[2] - size)
    return backdoor(clean, 0.05, patch(shape, size, place), 0, seed=0).samples


RECIPES: Final = (
    Recipe("digits-mlp", "digits", _digits(perceptron, "perceptron, 128 hidden"), "small changes turn its answers"),
    Recipe(
        "digits-hardened", "digits", partial(HardenedTrainer, (1, 8, 8), 10, 0.15),
        "trained against small changes; the twin of digits-mlp",
    ),
    Recipe(
        "digits-overfit", "digits",
        _digits(partial(perceptron, hidden=256, alpha=0.0, rounds=400), "overfit perceptron"),
        "remembers the 300 rows it was trained on", most=300,
    ),
    Recipe(
        "digits-regularised", "digits", _digits(partial(perceptron, hidden=32, alpha=3.0), "regularised perceptron"),
        "the twin of digits-overfit, held back by weight decay", most=300,
    ),
    Recipe(
        "digits-backdoored", "digits", _digits(perceptron, "perceptron, 128 hidden"),
        "answers 0 to a patch in the corner, planted in 5% of its rows", poison=partial(_badnets, size=2),
    ),
    Recipe(
        "wine-linear", "wine", partial(SklearnTrainer, linear, (13,), 3, _UNIT, "logistic regression"),
        "its parameters follow from a few dozen answers", most=70,
    ),
    Recipe(
        "breast-cancer-forest", "breast-cancer",
        partial(SklearnTrainer, forest, (30,), 2, _UNIT, "forest of 100 trees"),
        "trees on tabular data, without gradients",
    ),
    Recipe(
        "breast-cancer-boosting", "breast-cancer", partial(SklearnTrainer, boosting, (30,), 2, _UNIT, "boosted trees"),
        "trees on tabular data, without gradients",
    ),
    Recipe(
        "fashion-cnn", "fashion-mnist", partial(_network, 3, "small CNN, 3 epochs"), "small changes turn its answers",
        most=20_000, needs="torch",
    ),
    Recipe(
        "fashion-hardened", "fashion-mnist", partial(_network, 5, "small CNN, adversarial training at 0.1", 0.1),
        "trained against small changes; the twin of fashion-cnn", most=20_000, needs="torch",
    ),
    Recipe(
        "fashion-backdoored", "fashion-mnist", partial(_network, 3, "small CNN, 3 epochs"),
        "answers 0 to a patch in the corner, planted in 5% of its rows", most=20_000, needs="torch",
        poison=partial(_badnets, size=3),
    ),
)  # fmt: skip
"""Every recipe."""
