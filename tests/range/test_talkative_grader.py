"""The talkative grader: each layer is needed, refusing does not pass, and the budget outlives a restart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bartizan.app import grader_range
from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.range.oracle import Meter
from bartizan.range.scenarios import SERVED_SCENARIOS
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.extraction import linear
from bartizan.robustness.models.endpoint import EndpointModel
from bartizan.robustness.models.saved import save

SEED = 4
SCENARIO = SERVED_SCENARIOS["talkative-grader"]
RULES: dict[str, Any] = {
    "outputs": "{scores: {mode: round, decimals: 2}}",
    "queries": "{rows: 300, window: day}",
    "guards": "{extraction: {action: block}}",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a profile of the recorded customers, by the commands."""
    root = tmp_path_factory.mktemp("lab")
    grader_range.plant(SEED, root / "given")
    given = [str(root / "given" / f"{name}.npy") for name in ("traffic", "classes", "clients")]
    named = ["--name", "grader", "--input", "x", "--workspace", str(root)]
    options = ["--classes", given[1], "--clients", given[2], *named]
    made = CliRunner().invoke(app, ["profile", "make", given[0], *options])
    assert made.exit_code == 0, made.output
    return root


def graded(lab: Path, monkeypatch: pytest.MonkeyPatch, **changed: str) -> DefenceGrade:
    monkeypatch.setattr(grader_range, "CUSTOMERS", 6)
    monkeypatch.setattr(grader_range, "EACH", 2)
    (profile,) = (lab / "profiles").iterdir()
    rules = {**RULES, "profile": profile.name, **changed}
    lines = "".join(f"    {key}: {value}\n" for key, value in rules.items() if value)
    (lab / "policy.yaml").write_text(
        "version: 1\nmodels:\n  grader:\n    inputs: {x: {datatype: FP64, shape: [-1, 24], min: -6, max: 6}}\n"
        f"    classes: scores\n{lines}"
    )
    return grader_range.defence(SCENARIO, SEED, lab / "policy.yaml")


def test_three_layers_stop_every_thief_and_keep_every_customer(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = graded(lab, monkeypatch)
    assert found.passed, found
    assert (found.stopped.n, found.kept.n) == (8, 6)


@pytest.mark.parametrize(
    ("without", "through"),
    [
        ({"outputs": "{scores: {}}"}, {0, 1}),
        ({"profile": "", "guards": ""}, {2, 3}),
        ({"queries": ""}, {4, 5}),
    ],
    ids=["no rounding", "no profile", "no budget"],
)
def test_without_one_layer_some_kind_of_thief_gets_through(
    lab: Path, monkeypatch: pytest.MonkeyPatch, without: dict[str, str], through: set[int]
) -> None:
    found = graded(lab, monkeypatch, **without)
    assert found.passed is False
    assert {f"held-out {number}" for number in through} <= set(found.got_through), found
    assert found.kept.value == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"queries": "{rows: 1, window: day}"},
        {"outputs": "{scores: {mode: round, decimals: 1}}"},
        {"outputs": "{scores: {mode: label}}"},
    ],
    ids=["refuse everybody", "round to tenths", "labels alone"],
)
def test_what_customers_cannot_use_fails(lab: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str]) -> None:
    found = graded(lab, monkeypatch, **changed)
    assert found.passed is False
    assert found.kept.value < SCENARIO.keep_at_least


def test_what_is_no_policy_for_the_model_is_said(lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("version: 1\n", "version: 1\nmodels: {grader: 3}\n"):
        (tmp_path / "policy.yaml").write_text(text)
        with pytest.raises(ConfigurationError):
            grader_range.defence(SCENARIO, SEED, tmp_path / "policy.yaml")
    with pytest.raises(ConfigurationError):
        grader_range.defence(SCENARIO, SEED, tmp_path / "rules.yaml")
    with pytest.raises(ConfigurationError, match="no profiles/"):
        graded(lab, monkeypatch, profile="gone-0123456789abcdef.json")


def test_a_budget_is_not_given_back(tmp_path: Path) -> None:
    meter = Meter(tmp_path / "asked", 60)
    assert meter.take(50)
    assert not Meter(tmp_path / "asked", 60).take(11)
    assert meter.take(10)
    assert meter.left == 0
    (tmp_path / "asked").write_text("many")
    assert not meter.take(1)


@contextmanager
def started(workspace: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "bartizan", "range", "start", SCENARIO.id, "--workspace", str(workspace)]
    with subprocess.Popen([*command, "--seed", str(SEED), "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(line.split()[-1] for line in process.stdout if line.startswith("its model"))
        finally:
            process.terminate()


def test_the_attack_by_the_command(tmp_path: Path) -> None:
    folder = tmp_path / ".bartizan" / "range" / SCENARIO.id
    with started(tmp_path) as url:
        own = np.load(folder / "lots.npy")
        model = EndpointModel(url, (24,), 4, (-6.0, 6.0))
        copy = linear.from_scores(model, own[:40]).model(model)
    with started(tmp_path) as url, pytest.raises(UnusableModelError, match="429"):
        EndpointModel(url, (24,), 4, (-6.0, 6.0)).predict_proba(own[:20])
    save(copy, tmp_path / "copy.npz")
    where = ["range", "grade", SCENARIO.id, "--workspace", str(tmp_path), "--attack"]
    found = CliRunner().invoke(app, [*where, str(tmp_path / "copy.npz")])
    assert found.exit_code == 0, found.output
    assert "passed: the copy grades" in found.output
    rng = np.random.default_rng(0)
    guessed = linear.Stolen(rng.normal(size=(24, 4)), np.zeros(4))
    save(guessed.model(grader_range.grader(SEED)), tmp_path / "guess.npz")
    assert CliRunner().invoke(app, [*where, str(tmp_path / "guess.npz")]).exit_code == 1
