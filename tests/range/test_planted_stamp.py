"""The planted stamp: the true stamp and the planted rows pass, and each cheap way round fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bartizan.app import planted_range
from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.range.meters.planting import bought, stamp
from bartizan.range.scenarios import LEARNED_SCENARIOS
from bartizan.range.scenarios.interface import DefenceGrade

SEED = 4
SCENARIO = LEARNED_SCENARIOS["planted-stamp"]
ROWS = bought(SEED)


def handed(folder: Path, given: object) -> Path:
    path = folder / "given.npy"
    np.save(path, np.asarray(given))
    return path


def defended(folder: Path, rows: object) -> DefenceGrade:
    return planted_range.defence(SCENARIO, SEED, handed(folder, rows))


def test_attack(tmp_path: Path) -> None:
    true = stamp(SEED).pixels
    assert planted_range.attack(SEED, handed(tmp_path, true))
    assert not planted_range.attack(SEED, handed(tmp_path, true[::-1, ::-1])), "another corner"
    assert not planted_range.attack(SEED, handed(tmp_path, 1 - true)), "light and dark exchanged"
    for wrong in (np.zeros((12, 12)), np.full((12, 12), np.nan), true + 2, np.zeros(3), np.array(["a"])):
        with pytest.raises(ConfigurationError):
            planted_range.attack(SEED, handed(tmp_path, wrong))


def test_defence(tmp_path: Path) -> None:
    target = np.flatnonzero(stamp(SEED).target == ROWS.y)
    for rows in (np.arange(len(ROWS.y)), target, ROWS.planted[::2], np.empty(0, np.int64)):
        assert defended(tmp_path, rows).passed is False
    honest = np.setdiff1d(np.arange(len(ROWS.y)), ROWS.planted)
    much = defended(tmp_path, np.concatenate([ROWS.planted, honest[:400]]))
    assert much.passed is False
    assert "400 of 1900 honest rows" in much.lost[-1]
    for wrong in ([0.5], [[1]], [-1], [len(ROWS.y)]):
        with pytest.raises(ConfigurationError):
            defended(tmp_path, wrong)


def test_by_the_command(tmp_path: Path) -> None:
    run = CliRunner().invoke
    where = ["planted-stamp", "--workspace", str(tmp_path)]
    started = run(app, ["range", "start", *where, "--seed", str(SEED)])
    assert started.exit_code == 0, started.output
    with np.load(tmp_path / ".bartizan" / "range" / "planted-stamp" / "data.npz") as data:
        assert (data["x_train"] == ROWS.x).all()
    np.save(tmp_path / "stamp.npy", stamp(SEED).pixels)
    # One planted row in a hundred is missed, and three honest ones are set aside, as an audit may do.
    np.save(tmp_path / "aside.npy", np.union1d(ROWS.planted[1:], [3, 4, 5]))
    both = ["--attack", str(tmp_path / "stamp.npy"), "--defence", str(tmp_path / "aside.npy")]
    graded = run(app, ["range", "grade", *where, *both])
    assert graded.exit_code == 0, graded.output
    assert "read as one digit" in graded.output
    assert isinstance(run(app, ["range", "grade", *where]).exception, ConfigurationError)
