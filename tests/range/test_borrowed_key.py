"""The borrowed key: a rule on variety from outside passes; those on number, address or everything fail."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from bartizan.app.journal_range import LearnersRules
from bartizan.cli import range as range_command
from bartizan.core.errors import ConfigurationError
from bartizan.detections.cases import BUILTIN
from bartizan.detections.hunts import load_hunts, run_hunts
from bartizan.detections.hunts.running import Period
from bartizan.range.scenarios import JOURNAL_SCENARIOS
from bartizan.range.scenarios.borrowed_key.days import attacked, journal, ordinary
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.lake.query import Lake
from bartizan.telemetry.reader import read_journal
from bartizan.telemetry.rehearsal import START

SCENARIO = JOURNAL_SCENARIOS["borrowed-key"]
REMEMBERING = msgspec.structs.replace(SCENARIO, attacked=cache(attacked), ordinary=cache(ordinary))
PART = "title: part\nname: part\nlogsource: {product: bartizan}\ndetection:\n  s: {kind: request.accepted}\n"
OUTSIDE = PART + "  office: {client|cidr: 10.0.0.0/8}\n  condition: s and not office\n---\n"
ANY = PART + "  condition: s\n---\n"


def count(kind: str, by: str, condition: str) -> str:
    return (
        f"title: many\nlevel: high\ncorrelation:\n  type: {kind}\n  rules: [part]\n  group-by: [{by}]\n"
        f"  timespan: 1h\n  condition: {condition}\n"
    )


GOOD = OUTSIDE + count("value_count", "principal", "{field: prompt, gte: 25}")


def graded(tmp_path: Path, text: str, days: int = 5) -> DefenceGrade:
    (tmp_path / "rule.yml").write_text(text)
    return REMEMBERING.grade_defence(LearnersRules([tmp_path / "rule.yml"]), days=days)


def run(*words: str) -> Any:
    return CliRunner().invoke(range_command.app, words)


def test_hunting_and_a_good_rule_pass(tmp_path: Path) -> None:
    lab = tmp_path / "ws"
    started = run("start", "borrowed-key", "--seed", "7", "--workspace", str(lab))
    assert started.exit_code == 0, started.output
    inside = lab / ".bartizan" / "range" / "borrowed-key" / "lab"
    assert len(list(read_journal(inside / ".bartizan" / "journal"))) == len(journal(7))
    assert run("start", "borrowed-key", "--workspace", str(lab)).exit_code == 0
    assert isinstance(
        run("start", "borrowed-key", "--seed", "8", "--workspace", str(lab)).exception, ConfigurationError
    )
    (tmp_path / "rule.yml").write_text(GOOD)
    secret = attacked(7).secret
    words = ["--workspace", str(lab), "--secret", secret, "--rules", str(tmp_path / "rule.yml"), "--format", "json"]
    done = run("grade", "borrowed-key", *words)
    assert done.exit_code == 0, done.output
    grade = json.loads(done.stdout)
    assert grade["attack"] is True
    assert grade["defence"]["passed"] is True
    assert run("grade", "borrowed-key", "--workspace", str(lab), "--secret", "ana 10.2.0.31").exit_code == 1
    assert isinstance(run("grade", "borrowed-key", "--workspace", str(lab)).exception, ConfigurationError)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("everything", "title: t\nlogsource: {product: bartizan}\ndetection: {s: {kind|exists: true}, condition: s}\n"),
        ("whatever is outside", OUTSIDE.replace("title: part", "title: outside").removesuffix("---\n")),
        ("number from outside", OUTSIDE + count("event_count", "principal", "{gte: 25}")),
        ("variety anywhere", ANY + count("value_count", "principal", "{field: prompt, gte: 25}")),
        ("two addresses", ANY + count("value_count", "principal", "{field: client, gte: 2}")),
    ],
)
def test_rules_that_see_too_much_fail(tmp_path: Path, name: str, text: str) -> None:
    assert graded(tmp_path, text).passed is False, name


def test_the_rules_that_ship_do_not_find_it() -> None:
    day = attacked(1_000_000)
    assert not [alarm for alarm in LearnersRules([BUILTIN]).alarms(day.records) if day.attack & set(alarm)]


def test_hunts_lead_to_it(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal", "range")) as records:
        for event in journal(7):
            records.append(event)
    day = Period(START, START + timedelta(days=1))
    lake, hunts = Lake(tmp_path / "journal", tmp_path / "lake"), load_hunts()
    varied, moved = run_hunts([hunts["prompt-variety"], hunts["new-addresses"]], lake, day)
    name, address = attacked(7).secret.split()
    assert name in {row[0] for row in varied.rows}
    assert (name, address) in {row[:2] for row in moved.rows}
    assert len(moved.rows) > 1, "others moved too"


def test_days_are_the_same_for_the_same_seed_only() -> None:
    assert attacked(3) == attacked(3)
    assert attacked(3).secret != attacked(4).secret
    day = ordinary(3)
    assert not day.attack
    assert [record.id for record in day.records] != [record.id for record in attacked(3).records]
    assert len({record.id for record in journal(3)}) == len(journal(3))


def test_too_few_days_grade_nothing(tmp_path: Path) -> None:
    assert graded(tmp_path, GOOD, days=1).passed is None
