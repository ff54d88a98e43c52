"""The telling ward: a model that forgets passes, and one that only hides what it remembers fails."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bartizan.app import telling_range
from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios import LEARNED_SCENARIOS
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.robustness.gallery.recipes import linear
from bartizan.robustness.interface import ModelUnderTest
from bartizan.robustness.losses import margin
from bartizan.robustness.models.saved import save
from bartizan.robustness.models.sklearn import DenseModel
from bartizan.robustness.training import SklearnTrainer

SEED = 4
SCENARIO = LEARNED_SCENARIOS["telling-ward"]
FORGETFUL = SklearnTrainer(partial(linear, strength=0.01), telling_range.SHAPE, 3, (-6.0, 6.0), "forgetful")


def defended(folder: Path, model: ModelUnderTest) -> DefenceGrade:
    save(model, folder / "model.npz")
    return telling_range.defence(SCENARIO, SEED, folder / "model.npz")


def test_attack(tmp_path: Path) -> None:
    asked, treated = telling_range.persons(SEED)
    assert treated.sum() == 100

    def guessed(scores: np.ndarray) -> bool:
        np.save(tmp_path / "guesses.npy", scores)
        return telling_range.attack(SEED, tmp_path / "guesses.npy")

    assert guessed(margin(telling_range.model_of(SEED, "other").logits(asked.x), asked.y))
    assert not guessed(margin(telling_range.model_of(SEED, "own").logits(asked.x), asked.y)), "the wrong ward's model"
    assert not guessed(np.zeros(200)), "ties count against the learner"
    for wrong in (np.zeros(199), np.full(200, np.nan), np.array(["x"] * 200)):
        with pytest.raises(ConfigurationError):
            guessed(wrong)


def test_defence(tmp_path: Path) -> None:
    old = telling_range.model_of(SEED, "own")
    assert isinstance(old, DenseModel)
    own = telling_range.ward(SEED, "own")
    good = defended(tmp_path, FORGETFUL.fit(own.x, own.y, 1))
    assert good.passed, good
    quiet = DenseModel(
        [*old.weights[:-1], old.weights[-1] * 1e-4], [*old.biases[:-1], old.biases[-1] * 1e-4], old.activation,
        old.shape, (-6.0, 6.0),
    )  # fmt: skip
    constant = DenseModel([np.zeros((16, 3))], [np.arange(3.0)], "identity", (16,), (-6.0, 6.0))
    for bad in (old, quiet, constant):
        assert defended(tmp_path, bad).passed is False
    with pytest.raises(ConfigurationError):
        defended(tmp_path, DenseModel([np.zeros((5, 3))], [np.arange(3.0)], "identity", (5,), (-6.0, 6.0)))


def test_by_the_command(tmp_path: Path) -> None:
    run = CliRunner().invoke
    where = ["telling-ward", "--workspace", str(tmp_path)]
    started = run(app, ["range", "start", *where, "--seed", str(SEED)])
    assert started.exit_code == 0, started.output
    with np.load(tmp_path / ".bartizan" / "range" / "telling-ward" / "data.npz") as data:
        save(FORGETFUL.fit(data["x_train"], data["y_train"], 1), tmp_path / "mine.npz")
    graded = run(app, ["range", "grade", *where, "--defence", str(tmp_path / "mine.npz")])
    assert graded.exit_code == 0, graded.output
