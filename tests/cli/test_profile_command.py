"""``bartizan profile``: from a file of benign rows to a profile, and from a profile to a verdict on rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bartizan.cli.profile import app
from bartizan.core.errors import ConfigurationError
from bartizan.inspection.tensors.calibrate import TooFewError
from bartizan.workspace.scaffold import write_workspace
from bartizan.workspace.snapshot import read_files

RUN = CliRunner()
CHANCE = np.random.default_rng(2)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A workspace with a profile, beside files of rows."""
    values = CHANCE.normal(size=(1_000, 3))
    np.save(tmp_path / "rows.npy", values)
    np.save(tmp_path / "classes.npy", (values[:, 0] > 0).astype(int))
    np.save(tmp_path / "clients.npy", np.arange(1_000) // 10)
    write_workspace(tmp_path / "ws")
    return tmp_path


def make(folder: Path, *words: str) -> dict[str, object]:
    words = (str(folder / "rows.npy"), "--name", "p", "--input", "x", "--rate", "0.01", "--resamples", "8", *words)
    done = RUN.invoke(app, ["make", *words, "--workspace", str(folder / "ws"), "--format", "json"])
    if done.exception is not None:
        raise done.exception
    found: dict[str, object] = json.loads(done.output)
    return found


def test_make_and_try(made: Path) -> None:
    found = make(made, "--classes", str(made / "classes.npy"))
    assert found["schema"] == "bartizan/profile-make/v1"
    assert (found["rows"], found["width"]) == (1_000, 3)
    path = f"profiles/{found['profile']}"
    assert path in read_files(made / "ws")  # part of the workspace's snapshots
    np.save(made / "fresh.npy", CHANCE.normal(size=(300, 3)))
    np.save(made / "noise.npy", CHANCE.uniform(-9, 9, size=(300, 3)))
    for name, code in (("fresh.npy", 0), ("noise.npy", 1)):
        done = RUN.invoke(app, ["try", str(made / "ws" / path), str(made / name), "--format", "json"])
        told = json.loads(done.output)
        assert (done.exit_code, told["n"], bool(told["extraction"])) == (code, 300, bool(code)), told
    done = RUN.invoke(app, ["try", str(made / "ws" / path), str(made / "noise.npy")])
    assert "taken for extraction after 64 queries, by far" in done.output
    (made / "ws" / path).write_text("{}")
    done = RUN.invoke(app, ["try", str(made / "ws" / path), str(made / "fresh.npy")])
    assert isinstance(done.exception, ConfigurationError)


def test_the_same_rows_and_seed_give_the_same_thresholds(made: Path) -> None:
    one, other = (json.loads((made / "ws" / "profiles" / str(make(made)["profile"])).read_text()) for _ in range(2))
    assert {**one, "made": ""} == {**other, "made": ""}
    assert one["seed"] == 0
    ordered = json.loads((made / "ws" / "profiles" / str(make(made, "--in-order")["profile"])).read_text())
    assert ordered["seed"] == -1


def test_clients_are_kept_together(made: Path) -> None:
    found = make(made, "--clients", str(made / "clients.npy"))
    profile = json.loads((made / "ws" / "profiles" / str(found["profile"])).read_text())
    assert profile["clients"] == 100
    assert profile["watch"][2] == 5  # the window: half of what each of them sent


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("--rate", "0.001"), TooFewError),
        (("--classes", "rows.npy"), ConfigurationError),
        (("--classes", "missing.npy"), ConfigurationError),
        (("--clients", "few.npy"), TooFewError),
        (("--name", "../up"), ConfigurationError),
    ],
)
def test_what_cannot_be_made(made: Path, words: tuple[str, str], kind: type[Exception]) -> None:
    np.save(made / "few.npy", np.arange(1_000) % 4)
    value = str(made / words[1]) if words[1].endswith(".npy") else words[1]
    with pytest.raises(kind):
        make(made, words[0], value)
    assert not list((made / "ws").glob("profiles/*"))
