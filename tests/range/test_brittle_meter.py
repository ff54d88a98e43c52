"""The brittle meter: honest attacks and defences pass, and each cheap way round fails."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bartizan.app.meters_range import adaptive, handed_in, pictures, plant, utility_model
from bartizan.cli.main import app
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.range.meters.drawing import photographs
from bartizan.range.scenarios.brittle_meter import BRITTLE_METER
from bartizan.robustness.gallery.hardened import HardenedTrainer
from bartizan.robustness.interface import ModelUnderTest
from bartizan.robustness.models.saved import save
from bartizan.robustness.models.sklearn import DenseModel

SEED = 4


@pytest.fixture(scope="module")
def weak() -> ModelUnderTest:
    return utility_model(BRITTLE_METER, SEED)


@pytest.fixture(scope="module")
def hardened() -> ModelUnderTest:
    x, y = BRITTLE_METER.training(SEED)
    return HardenedTrainer((1, 12, 12), 10, 0.08, hidden=(96,), epochs=30).fit(x, y, 1)


def test_photographs_follow_from_the_seed() -> None:
    one, two, other = photographs(1, 20), photographs(1, 20), photographs(2, 20)
    assert (one[0] == two[0]).all()
    assert not (one[0] == other[0]).all()
    assert one[0].min() >= 0
    assert one[0].max() <= 1


def test_attack(weak: ModelUnderTest) -> None:
    x, y = BRITTLE_METER.targets(SEED, weak)
    changed = adaptive(weak, x, y, BRITTLE_METER.epsilon)
    assert BRITTLE_METER.grade_attack(SEED, changed, weak)
    assert not BRITTLE_METER.grade_attack(SEED, x, weak)
    noise = np.random.default_rng(0).uniform(-0.08, 0.08, x.shape)
    assert not BRITTLE_METER.grade_attack(SEED, np.clip(x + noise, 0, 1), weak)
    for wrong in (changed[:-1], x[::-1], x + 0.2, np.full_like(x, np.nan), x.astype(int)):
        with pytest.raises(ConfigurationError):
            BRITTLE_METER.grade_attack(SEED, wrong, weak)


def test_defence(weak: ModelUnderTest, hardened: ModelUnderTest) -> None:
    grade = BRITTLE_METER.grade_defence(SEED, weak, hardened, adaptive)
    assert grade.passed, grade
    assert grade.stopped.n >= 100
    assert not BRITTLE_METER.grade_defence(SEED, weak, weak, adaptive).passed


def test_a_model_that_hides_its_gradients_fails(weak: ModelUnderTest) -> None:
    assert isinstance(weak, DenseModel)
    weights, biases = [*weak.weights[:-1], weak.weights[-1] * 1e4], [*weak.biases[:-1], weak.biases[-1] * 1e4]
    masked = DenseModel(weights, biases, weak.activation, weak.shape, (0, 1))
    grade = BRITTLE_METER.grade_defence(SEED, weak, masked, adaptive)
    assert grade.passed is False
    assert grade.kept.value == 1
    assert grade.stopped.value < 0.1


def test_a_model_that_always_says_the_same_fails(weak: ModelUnderTest) -> None:
    constant = DenseModel([np.zeros((144, 10))], [np.arange(10.0)], "identity", (1, 12, 12), (0, 1))
    grade = BRITTLE_METER.grade_defence(SEED, weak, constant, adaptive)
    assert grade.passed is False
    assert grade.kept.value < 0.3


def test_files_are_read_without_running_them(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + pickle.dumps([1]))
    objects = io.BytesIO()
    np.save(objects, np.array([{}], dtype=object))
    (tmp_path / "b.npy").write_bytes(objects.getvalue())
    np.savez(tmp_path / "c.npz", x=np.ones(3))
    for name in ("a.npy", "b.npy", "c.npz", "missing.npy"):
        with pytest.raises(ConfigurationError):
            pictures(tmp_path / name)
    for name in ("a.npy", "c.npz", "missing.npz"):
        with pytest.raises(BartizanError):
            handed_in(tmp_path / name)


def test_by_the_command(tmp_path: Path, hardened: ModelUnderTest) -> None:
    run = CliRunner().invoke
    started = run(app, ["range", "start", "brittle-meter", "--workspace", str(tmp_path), "--seed", str(SEED)])
    assert started.exit_code == 0, started.output
    folder = tmp_path / ".bartizan" / "range" / "brittle-meter"
    targets = np.load(folder / "targets.npy")
    weak = plant(BRITTLE_METER, SEED, tmp_path / "again")
    assert (tmp_path / "again" / "targets.npy").read_bytes() == (folder / "targets.npy").read_bytes()
    np.save(tmp_path / "changed.npy", adaptive(weak, targets, weak.predict_label(targets), BRITTLE_METER.epsilon))
    save(hardened, tmp_path / "hardened.npz")
    grade = ["range", "grade", "brittle-meter", "--workspace", str(tmp_path)]
    both = run(app, [*grade, "--changed", str(tmp_path / "changed.npy"), "--model", str(tmp_path / "hardened.npz")])
    assert both.exit_code == 0, both.output
    assert "most are misread" in both.output
    assert run(app, [*grade, "--model", str(folder / "model.npz")]).exit_code == 1
    nothing = run(app, grade)
    assert isinstance(nothing.exception, ConfigurationError)
