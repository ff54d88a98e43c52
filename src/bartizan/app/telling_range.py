"""The telling ward: what the learner gets, and what grades guesses about patients and a model that tells less."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from bartizan.app.handed_arrays import floats
from bartizan.app.meters_range import handed_in
from bartizan.range.meters.ward import CONDITIONS, READINGS, patients
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.learned_scenario import LearnedScenario
from bartizan.robustness.interface import Floats, ModelUnderTest, Samples
from bartizan.robustness.losses import margin
from bartizan.robustness.models.saved import save
from bartizan.robustness.training import SklearnTrainer

SHAPE: Final = (READINGS,)


def remembering(seed: int) -> Any:
    """A perceptron that is trained until it is right about every patient, mistakes included."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        (128,), learning_rate_init=0.01, max_iter=ROUNDS, tol=0, n_iter_no_change=ROUNDS, random_state=seed
    )


ROUNDS: Final = 250
TRAINER: Final = SklearnTrainer(remembering, SHAPE, CONDITIONS, (-6.0, 6.0), "ward")
PATIENTS, PERSONS, HELD_OUT = 200, 200, 400
FALSE: Final = 0.1
"""Share of others that the grader's attack may take for patients."""
_TOLD: Final = 0.62
_REFERENCES: Final = 3


def ward(seed: int, which: str) -> Samples:
    """The patients of one of two wards."""
    return Samples(*patients(f"{which} {seed}", PATIENTS, seed))


@lru_cache(maxsize=4)
def model_of(seed: int, which: str) -> ModelUnderTest:
    """What a ward gave away."""
    rows = ward(seed, which)
    return TRAINER.fit(rows.x, rows.y, seed)


@lru_cache(maxsize=2)
def references(seed: int) -> tuple[ModelUnderTest, ...]:
    """Models of the same kind that none of the wards' patients trained."""
    drawn = [patients(f"reference {number} {seed}", PATIENTS, seed) for number in range(_REFERENCES)]
    return tuple(TRAINER.fit(x, y, number) for number, (x, y) in enumerate(drawn))


def persons(seed: int) -> tuple[Samples, np.ndarray]:
    """200 persons, and which of them the other ward treated."""
    treated, others = ward(seed, "other"), Samples(*patients(f"persons {seed}", PERSONS // 2, seed))
    order = np.random.default_rng([seed, 0x9E5]).permutation(PERSONS)
    x, y = (np.concatenate([one[: PERSONS // 2], two]) for one, two in ((treated.x, others.x), (treated.y, others.y)))
    return Samples(x[order], y[order]), order < PERSONS // 2


def plant(seed: int, folder: Path) -> Sequence[str]:
    """Both models, the persons, the own ward's patients and people of the region below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    save(model_of(seed, "other"), folder / "other.npz")
    save(model_of(seed, "own"), folder / "model.npz")
    asked, own, (x, y) = persons(seed)[0], ward(seed, "own"), patients(f"region {seed}", 1_000, seed)
    for name, rows in (
        ("persons.npz", {"x": asked.x, "y": asked.y}),
        ("data.npz", {"x_train": own.x, "y_train": own.y, "x_test": x, "y_test": y}),
    ):
        with (folder / name).open("wb") as file:
            np.savez(file, **rows)
    return (
        f"the other ward's model  {folder / 'other.npz'}",
        f"200 persons             {folder / 'persons.npz'}   (x, y)",
        f"your ward's model       {folder / 'model.npz'}",
        f"your patients           {folder / 'data.npz'}   (x_train, y_train; people of the region: x_test, y_test)",
    )


def attack(seed: int, given: Path) -> bool:
    """Whether most of the persons ranked highest were treated; ties count against the learner."""
    guesses, (_, treated) = floats(given, (PERSONS,)), persons(seed)
    order = np.lexsort((treated, -guesses))
    return float(treated[order[: PERSONS // 2]].mean()) >= _TOLD


def defence(scenario: LearnedScenario, seed: int, given: Path) -> DefenceGrade:
    """Attacks the given-away model and the learner's, each at its own threshold."""
    before, after = model_of(seed, "own"), handed_in(given, SHAPE, CONDITIONS)
    own, others = ward(seed, "own"), Samples(*patients(f"held out {seed}", HELD_OUT, seed))
    usual = np.mean([_confidence(one, own, others) for one in references(seed)], axis=0)
    found_before, found_after = (_found(_confidence(one, own, others) - usual) for one in (before, after))
    right = np.flatnonzero(before.predict_label(others.x) == others.y)
    kept = after.predict_label(others.x[right]) == others.y[right]
    return scenario.score((~found_after[found_before]).tolist(), kept.tolist())


def _confidence(model: ModelUnderTest, own: Samples, others: Samples) -> Floats:
    """Margins of patients and others, in units of their own spread: scaling the answers hides nothing."""
    found = margin(model.logits(np.concatenate([own.x, others.x])), np.concatenate([own.y, others.y]))
    return np.asarray(found / max(float(found.std()), 1e-12))


def _found(score: Floats) -> np.ndarray:
    """Patients above the threshold that takes a tenth of the others for patients."""
    threshold = np.quantile(score[PATIENTS:], 1 - FALSE, method="higher")
    return np.asarray(score[:PATIENTS] > threshold)
