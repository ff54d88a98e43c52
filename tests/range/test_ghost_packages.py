"""The exercise with lock files: it can be attacked and defended, and neither by doing nothing nor by refusing all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bartizan.cli.main import app
from bartizan.range.scenarios import LOCK_SCENARIOS
from bartizan.range.scenarios.lock_scenario import serves, works
from bartizan.range.wharf.installer import install
from bartizan.range.wharf.world import PUBLIC_SHELF, deploy_code, digest
from bartizan.supplychain.packages.index.names import near

SCENARIO = LOCK_SCENARIOS["ghost-packages"]
PLACE = Path(".bartizan") / "range" / "ghost-packages"
ADVISORIES = {"osv": str(PLACE / "advisories")}
METADATA = {"metadata": str(PLACE / "index")}
OWN = {"internal": ["ferry-*"], "internal_indexes": ["https://pypi.ferry.example/simple"]}
PARTNER = {"allowed": [{"package": "pkg:pypi/shore-tiles", "versions": ["0.1"]}]}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    root = tmp_path / "lab"
    assert run("init", str(root)).exit_code == 0
    assert run("range", "start", "ghost-packages", "--seed", "7", "--workspace", str(root)).exit_code == 0
    return root


def grade(lab: Path, *parts: dict[str, Any]) -> dict[str, Any]:
    policy: dict[str, Any] = {}
    for part in parts:
        policy |= part
    path = lab / "policy.yaml"
    kept = path.read_text(encoding="utf-8").partition("  packages: {")
    text = kept[0] + kept[2].partition("\n")[2] if kept[1] else kept[0]
    path.write_text(
        text.replace("\nartefacts:\n", f"\nartefacts:\n  packages: {json.dumps(policy)}\n"), encoding="utf-8"
    )
    done = run("range", "grade", "ghost-packages", "--workspace", str(lab), "--gate", "--format", "json")
    out: dict[str, Any] = json.loads(done.output)["defence"]
    return out | {"exit": done.exit_code}


def test_every_case_counts_for_any_seed() -> None:
    for seed in (7, 8, 123_456):
        assert all(works(case, seed) for case in SCENARIO.held_out("attacks"))
        assert all(serves(case, seed) for case in SCENARIO.held_out("benign"))


def test_invented_names_are_far_from_every_other_name() -> None:
    ghosts = ("vessel-embedding-toolkit", "marine-llm-connector", "asyncport-vector-cache")
    for ghost in ghosts:
        assert not any(near(ghost, other, 6) for other in PUBLIC_SHELF if other != ghost)


def test_the_build_machine_chooses_as_pip_does() -> None:
    code = deploy_code(7)
    extra = "--extra-index-url https://pypi.ferry.example/simple\n"
    assert install(extra + "ferry-auth>=1\n", 7).printed == code
    pinned = digest("https://pypi.ferry.example/simple", "ferry-auth", "1.4", 7)
    assert install(extra + f"ferry-auth==1.4 --hash=sha256:{pinned}\n", 7) == (True, "", "1 packages installed")
    assert not install(f"ferry-auth==1.4 --hash=sha256:{pinned}\n", 7).accepted
    assert not install("harbor-maps==3.2\n", 7).accepted
    assert not install("nobody-has-this==1\n", 7).accepted
    assert [install(text, 7).accepted for text in ("", "-r x.txt\n", "=\n", "x" * 200_000)] == [False] * 4


def test_the_attack_is_graded(lab: Path) -> None:
    file = lab / "mine.txt"
    file.write_text("vessel-embedding-toolkit\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bartizan.range.wharf", str(file)],
        capture_output=True, text=True, timeout=60, check=True, env=os.environ | {"WHARF_SEED": "7"},
    )  # fmt: skip
    assert deploy_code(7) in done.stdout
    words = ("range", "grade", "ghost-packages", "--workspace", str(lab), "--secret")
    assert run(*words, deploy_code(7)).exit_code == 0
    assert run(*words, deploy_code(8)).exit_code == 1


def test_the_whole_policy_passes(lab: Path) -> None:
    told = grade(lab, ADVISORIES, METADATA, OWN, PARTNER)
    assert (told["exit"], told["passed"], told["inconclusive"]) == (0, True, 0)
    assert told["got_through"] == told["lost"] == []


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (ADVISORIES,),
        (ADVISORIES, METADATA),
        (ADVISORIES, OWN, PARTNER),
        (METADATA, OWN, PARTNER),
        (ADVISORIES, METADATA, OWN, PARTNER, {"only_allowed": True}),
        (ADVISORIES, METADATA, OWN, PARTNER, {"established_days": 3000}),
        (ADVISORIES, METADATA, OWN, PARTNER, {"established_days": 1, "release_days": 1}),
    ],
)
def test_less_and_more_fail(lab: Path, parts: tuple[dict[str, Any], ...]) -> None:
    told = grade(lab, *parts)
    assert (told["exit"], told["passed"]) == (1, False)


def test_a_reset_forgets_the_seed(lab: Path) -> None:
    assert run("range", "reset", "ghost-packages", "--workspace", str(lab)).exit_code == 0
    assert not (lab / PLACE / "NOTES.txt").exists()
