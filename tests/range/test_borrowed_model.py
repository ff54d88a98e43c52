"""The borrowed model: pins and a waiver pass; the scanner alone, blind pins and blocking everything fail."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.range.intake.models import SOURCES, content, shop_code
from bartizan.range.scenarios import ARTEFACT_SCENARIOS
from bartizan.range.scenarios.artefact_scenario import EXCHANGED

SCENARIO = ARTEFACT_SCENARIOS["borrowed-model"]
PLACE = Path(".bartizan") / "range" / "borrowed-model"


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words)


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    assert run("init", str(tmp_path / "lab")).exit_code == 0
    started = run("range", "start", "borrowed-model", "--seed", "7", "--workspace", str(tmp_path / "lab"))
    assert started.exit_code == 0, started.output
    return tmp_path / "lab"


def policy(lab: Path, **rows: Any) -> None:
    (lab / "policy.yaml").write_text(yaml.safe_dump({"version": 1, "artefacts": rows}))


def pin(lab: Path, folder: str) -> None:
    for name, source in SOURCES.items():
        path = str(lab / PLACE / folder / name)
        more = (
            "--by",
            "ada",
            "--origin",
            source.origin,
            "--licence",
            source.licence,
            "--write",
            "--workspace",
            str(lab),
        )
        assert run("artefacts", "pin", path, *more).exit_code == 0


def waive(lab: Path) -> None:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    digest = hashlib.sha256(content("pricing.pkl", 7)).hexdigest()
    rows = [
        {"subject": rule, "sha256": digest, "reason": "our own class", "author": "ada", "date": today, "expires": today}
        for rule in ("pickle.unlisted_global", "pickle.unlisted_call")
    ]
    (lab / "waivers.yaml").write_text(yaml.safe_dump(rows).replace("'", ""))


def grade(lab: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = run("range", "grade", "borrowed-model", "--workspace", str(lab), "--format", "json", *more)
    assert done.stdout, done.exception
    return done.exit_code, json.loads(done.stdout)


ACCEPTED: dict[str, Any] = {
    "pack": "strict",
    "origins": ["hub.example/pedal-labs", "intern.example/shop"],
    "licences": ["Apache-2.0", "MIT", "LicenseRef-own"],
}


def test_pins_of_what_was_published_and_one_waiver_pass(lab: Path) -> None:
    policy(lab, **ACCEPTED)
    pin(lab, "published")
    waive(lab)
    status, graded = grade(lab, "--gate")
    assert status == 0, graded
    assert graded["defence"]["inconclusive"] == 0, "every attack works without the defence"
    assert graded["defence"]["got_through"] == []
    assert graded["defence"]["lost"] == []


def test_the_scanner_alone_lets_exchanged_numbers_through_and_loses_the_shops_own_model(lab: Path) -> None:
    status, graded = grade(lab, "--gate")
    assert status == 1
    assert {"exchanged-ranker", "put-back", "unknown-model"} <= set(graded["defence"]["got_through"])
    assert "escaped" not in graded["defence"]["got_through"]
    assert "pricing" in graded["defence"]["lost"]


def test_pinning_what_lies_on_the_disk_fails(lab: Path) -> None:
    """One file was exchanged before the exercise began."""
    policy(lab, **ACCEPTED)
    pin(lab, "models")
    waive(lab)
    status, graded = grade(lab, "--gate")
    assert status == 1
    assert graded["defence"]["got_through"] == ["exchanged-stock"]
    assert {"stock", "stock-cached"} <= set(graded["defence"]["lost"])


@pytest.mark.parametrize("rows", [{"pack": "observe"}, {"pack": "none.cedar"}])
def test_admitting_or_blocking_everything_fails(lab: Path, rows: dict[str, Any]) -> None:
    never = '@id("n") @reason("Nothing.") forbid (principal, action, resource) when { context.size > -2 };'
    (lab / "none.cedar").write_text(never)
    policy(lab, **rows)
    assert grade(lab, "--gate")[0] == 1


def test_the_shop_gives_its_code_away_to_a_file_of_the_learner(lab: Path) -> None:
    class Mine:
        def __reduce__(self) -> Any:
            import pydoc

            return pydoc.pipepager, ("", "echo $SHOP_CODE")

    (lab / "mine.pkl").write_bytes(pickle.dumps(Mine()))
    (lab / "crude.pkl").write_bytes(b"cposix\nsystem\n(S'echo $SHOP_CODE'\ntR.")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "bartizan.range.intake",
            str(lab / PLACE),
            str(lab / "mine.pkl"),
            str(lab / "crude.pkl"),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ,
    )
    mine, crude = (json.loads(line) for line in ran.stdout.splitlines())
    assert crude["error"].startswith("refused")
    assert grade(lab, "--secret", mine["printed"].split()[0])[0] == 0
    assert grade(lab, "--secret", "TEAL-1000-HERON")[0] == 1
    assert shop_code(7) != shop_code(8)


def test_one_model_is_not_as_published_and_reset_forgets_all(lab: Path) -> None:
    for name in SOURCES:
        same = (lab / PLACE / "models" / name).read_bytes() == (lab / PLACE / "published" / name).read_bytes()
        assert same is (name != EXCHANGED)
    assert hashlib.sha256(content(EXCHANGED, 7)).hexdigest() in (lab / PLACE / "NOTES.txt").read_text()
    assert run("range", "reset", "borrowed-model", "--workspace", str(lab)).exit_code == 0
    assert not (lab / PLACE).exists()
    assert run("range", "grade", "borrowed-model", "--workspace", str(lab)).exit_code != 0
