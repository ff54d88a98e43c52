"""The exercise with a registry: it can be attacked, and only a policy with origin and signature passes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bartizan.app.shelf_range import LabShelf
from bartizan.cli.main import app
from bartizan.range.intake.hostile import HOSTILE
from bartizan.range.intake.models import shop_code
from bartizan.range.scenarios import SHELF_SCENARIOS
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.shelf_scenario import MODULE

SCENARIO = SHELF_SCENARIOS["shared-shelf"]
KEY = ".bartizan/range/shared-shelf/publisher.pub"
SIGNED = {"signers": [{"name": "publisher", "key": KEY}]}
ORIGIN = {"origins": ["hub.example/pedal-labs"]}


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    def run(*words: str) -> Any:
        return CliRunner().invoke(app, list(words))

    assert run("init", str(tmp_path / "lab")).exit_code == 0
    started = run("range", "start", "shared-shelf", "--workspace", str(tmp_path / "lab"), "--seed", "7")
    assert started.exit_code == 0, started.output
    return tmp_path / "lab"


def taken(lab: Path, name: str) -> dict[str, Any]:
    folder = lab / ".bartizan" / "range" / "shared-shelf"
    command = [sys.executable, "-P", "-m", MODULE, str(folder), name]
    out: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=False, timeout=120).stdout)
    return out


def test_the_shelf_is_attacked_by_a_name_and_not_through_the_publishers_own(lab: Path) -> None:
    hub = lab / ".bartizan" / "range" / "shared-shelf" / "hub"
    assert taken(lab, "pedal-labs/forecast/forecast.pkl")["forecast"]
    for owner in ("mallory", "pedal-labs", "pedal-labs-eu"):
        (hub / owner / "forecast").mkdir(parents=True, exist_ok=True)
        (hub / owner / "forecast" / "forecast.pkl").write_bytes(HOSTILE["pager"]())
    assert "begins with" in taken(lab, "mallory/forecast/forecast.pkl")["error"]
    assert shop_code(7) not in json.dumps(taken(lab, "pedal-labs/forecast/forecast.pkl"))
    assert shop_code(7) not in json.dumps(taken(lab, "pedal-labs-eu/../forecast.pkl"))
    assert shop_code(7) in taken(lab, "pedal-labs-eu/forecast/forecast.pkl")["printed"]
    words = ["range", "grade", "shared-shelf", "--workspace", str(lab), "--secret"]
    assert CliRunner().invoke(app, [*words, shop_code(7).lower()]).exit_code == 0
    assert CliRunner().invoke(app, [*words, shop_code(8)]).exit_code == 1


def graded(lab: Path, **artefacts: Any) -> DefenceGrade:
    (lab / "policy.yaml").write_text(yaml.safe_dump({"version": 1, "artefacts": artefacts}))
    return SCENARIO.grade_defence(LabShelf(lab), 7)


def test_origin_and_signature_pass_and_leave_nothing_behind(lab: Path) -> None:
    grade = graded(lab, **SIGNED, **ORIGIN)
    assert (grade.passed, grade.got_through, grade.lost, grade.inconclusive) == (True, (), (), 0)
    assert (grade.stopped.n, grade.kept.n) == (14, 10)
    assert not list((lab / ".bartizan").glob("journal/*"))


@pytest.mark.parametrize(
    "artefacts",
    [
        {},
        ORIGIN,
        {"origins": ["hub.example/nobody"]},
        {"pack": "observe", **SIGNED, **ORIGIN},
        {"pack": "strict", **SIGNED, **ORIGIN},
    ],
)
def test_half_measures_and_refusing_everything_fail(lab: Path, artefacts: dict[str, Any]) -> None:
    assert graded(lab, **artefacts).passed is False


def test_every_case_works_without_a_defence() -> None:
    grade = SCENARIO.grade_defence(lambda published, seed: [True] * len(published), 11)
    assert (grade.stopped.successes, grade.stopped.n, grade.kept.n) == (0, 14, 10)
    assert SCENARIO.grade_defence(lambda published, seed: [False] * len(published), 11).passed is False
