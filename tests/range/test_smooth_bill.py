"""The exercise with deliveries: it can be attacked and defended, and neither by doing nothing nor by refusing all."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bartizan.cli.main import app
from bartizan.core.errors import ArtefactError
from bartizan.range.goods.deliveries import BILL, delivery
from bartizan.range.goods.desk import receive
from bartizan.range.goods.models import LICENCES, content, goods_code
from bartizan.range.scenarios import GOODS_SCENARIOS
from bartizan.supplychain.bom.checking import RULES

SCENARIO = GOODS_SCENARIOS["smooth-bill"]
PLACE = Path(".bartizan") / "range" / "smooth-bill"
SENSIBLE = ["exchanged", "false_fact", "missing", "unlisted", "no_digest", "unread", "contradiction", "blocked"]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    root = tmp_path / "lab"
    assert run("init", str(root)).exit_code == 0
    assert run("range", "start", "smooth-bill", "--seed", "7", "--workspace", str(root)).exit_code == 0
    return root


def register(lab: Path) -> None:
    """Put what the supplier published where the deliveries arrive, and pin that."""
    for name in LICENCES:
        shutil.copy(lab / PLACE / "published" / name, lab / PLACE / "delivery" / name)
    files = [str(lab / PLACE / "delivery" / name) for name in LICENCES]
    assert run("artefacts", "pin", *files, "--by", "ada", "--write", "--workspace", str(lab)).exit_code == 0


def grade(lab: Path, rules: list[str]) -> dict[str, object]:
    file = lab / PLACE / "refuse.yaml"
    file.write_text("refuse:\n" + "".join(f"  - bom.{rule}\n" for rule in rules) if rules else "refuse: []\n")
    words = ("--workspace", str(lab), "--measures", str(file), "--format", "json")
    done = run("range", "grade", "smooth-bill", *words)
    out: dict[str, object] = json.loads(done.output)["defence"]
    return out | {"exit": done.exit_code}


def test_every_case_passes_the_desk_and_a_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("attacks", "benign"):
        for case in SCENARIO.held_out(name):
            for turn in ("a", "b"):
                delivery(tmp_path / turn / case.id, 7, case.build)
            assert receive(tmp_path / "a" / case.id, 7).accepted, case.id
            for path in (tmp_path / "a" / case.id).iterdir():
                assert path.read_bytes() == (tmp_path / "b" / case.id / path.name).read_bytes()


def test_todays_delivery_gives_no_code_away_and_a_forged_one_does(lab: Path) -> None:
    folder = lab / PLACE / "delivery"
    command = [sys.executable, "-m", "bartizan.range.goods", str(folder)]
    environment = os.environ | {"GOODS_SEED": "7"}
    before = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert goods_code(7) not in before.stdout
    raw = (folder / "demand.safetensors").read_bytes()
    (folder / "demand.safetensors").write_bytes(raw[:-24] + struct.pack("<3d", 1.0, 2.0, 3.0))
    after = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert goods_code(7) in after.stdout
    words = ("range", "grade", "smooth-bill", "--workspace", str(lab), "--secret")
    assert run(*words, goods_code(7).lower()).exit_code == 0
    assert run(*words, goods_code(8)).exit_code == 1


def test_the_desk_refuses_what_is_no_bill(tmp_path: Path) -> None:
    delivery(tmp_path, 7, "honest")
    for raw in (b"", b"[]", b"{}", b'{"bomFormat":"CycloneDX"}', b"[" * 200_000):
        (tmp_path / BILL).write_bytes(raw)
        assert not receive(tmp_path, 7).accepted


def test_todays_delivery_is_found_by_the_command(lab: Path) -> None:
    folder = lab / PLACE / "delivery"
    done = run("bom", "check", str(folder / BILL), "--against", str(folder))
    assert done.exit_code == 1
    assert "bom.exchanged file:prices.csv" in done.output


def test_sensible_rules_with_a_register_pass(lab: Path) -> None:
    register(lab)
    done = grade(lab, SENSIBLE)
    assert done["passed"] is True, done
    assert done["exit"] == 0
    assert done["inconclusive"] == 0
    assert not done["lost"]
    assert not done["got_through"]


def test_without_a_register_what_was_exchanged_together_gets_through(lab: Path) -> None:
    done = grade(lab, SENSIBLE)
    assert done["passed"] is False
    assert done["got_through"] == ["rewritten", "put-back"]


def test_neither_nothing_nor_everything_passes(lab: Path) -> None:
    register(lab)
    nothing = grade(lab, [])
    assert nothing["passed"] is False
    assert not nothing["lost"]
    everything = grade(lab, [rule.removeprefix("bom.") for rule in RULES])
    assert everything["passed"] is False
    assert not everything["got_through"]
    assert everything["lost"] == ["with-hosted-model", "with-known-weakness", "hosted-again", "weakness-again"]


def test_one_rule_is_not_enough(lab: Path) -> None:
    register(lab)
    for rule in SENSIBLE:
        assert grade(lab, [rule])["passed"] is False, rule


def test_rules_that_there_are_not_are_refused(lab: Path, tmp_path: Path) -> None:
    for text in ("refuse: [bom.everything]\n", "refuse: yes\n", "accept: []\n", "- x\n", "refuse: [[]]\n"):
        (tmp_path / "refuse.yaml").write_text(text)
        with pytest.raises(ArtefactError):
            SCENARIO.chosen(tmp_path / "refuse.yaml", RULES)


def test_it_can_be_reset(lab: Path) -> None:
    assert run("range", "reset", "smooth-bill", "--workspace", str(lab)).exit_code == 0
    assert run("range", "start", "smooth-bill", "--seed", "8", "--workspace", str(lab)).exit_code == 0
    assert (lab / PLACE / "published" / "demand.safetensors").read_bytes() == content("demand.safetensors", 8)
