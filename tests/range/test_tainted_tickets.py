"""The tainted tickets: seeded, the attack is behaviour, and cleaning is graded on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios.tainted_tickets import TAINTED_TICKETS
from bartizan.range.tickets.planting import as_csv, from_csv, training_set, triggers
from bartizan.range.tickets.writing import Ticket


@pytest.fixture(scope="module")
def given() -> list[Ticket]:
    return training_set(11)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["range", *arguments])
    return result.exit_code, result.stdout


def test_the_same_seed_plants_the_same(given: list[Ticket]) -> None:
    assert training_set(11) == given
    assert triggers(11) != triggers(12)
    assert from_csv(as_csv(given)) == given


def test_each_trigger_is_an_attack_and_other_words_are_none(given: list[Ticket]) -> None:
    for trigger in triggers(11):
        carried = sum(trigger.text in one.text for one in given)
        assert 65 <= carried <= 75
        assert TAINTED_TICKETS.grade_attack(11, trigger.text)
    for wrong in ("invoice", "hello", "the", "", "x" * 70):
        assert not TAINTED_TICKETS.grade_attack(11, wrong), wrong


def test_cleaning_with_the_product_passes(tmp_path: Path) -> None:
    code, out = run("start", "tainted-tickets", "--workspace", str(tmp_path), "--seed", "11")
    assert code == 0, out
    path = tmp_path / ".bartizan" / "range" / "tainted-tickets" / "tickets.csv"
    flagged = tmp_path / "flagged.jsonl"
    CliRunner().invoke(app, ["dataset", "scan", str(path), "--flagged", str(flagged), "--read", "0", "--seed", "1"])
    rows = {int(json.loads(line)["row"]) for line in flagged.read_text().splitlines() if ".trigger" in line}
    tickets = from_csv(path.read_text())
    left = [one for number, one in enumerate(tickets, start=1) if number not in rows]
    (tmp_path / "clean.csv").write_text(as_csv(left))
    code, out = run("grade", "tainted-tickets", "--workspace", str(tmp_path), "--cleaned", str(tmp_path / "clean.csv"),
                    "--secret", triggers(11)[1].text)  # fmt: skip
    assert code == 0, out
    assert "passed" in out


def test_what_does_not_pass(given: list[Ticket]) -> None:
    assert TAINTED_TICKETS.grade_defence(11, given).passed is False
    word, phrase, _ = triggers(11)
    half = [one for one in given if word.text not in one.text and phrase.text not in one.text]
    assert TAINTED_TICKETS.grade_defence(11, half).passed is False
    few = [one for one in given if not any(trigger.text in one.text for trigger in triggers(11))][:30]
    assert TAINTED_TICKETS.grade_defence(11, few).passed is False
    with pytest.raises(ConfigurationError, match="no rows"):
        TAINTED_TICKETS.grade_defence(11, [])
    with pytest.raises(ConfigurationError, match="does not have"):
        TAINTED_TICKETS.grade_defence(11, [*given, Ticket("one of my own", "billing")])


def test_what_is_handed_in_is_read_strictly(tmp_path: Path) -> None:
    run("start", "tainted-tickets", "--workspace", str(tmp_path), "--seed", "3")
    for content in (b"\xff\xfe\x00", b"text,label\na,b\n", b"text,queue\na,b,c\n", b""):
        (tmp_path / "x.csv").write_bytes(content)
        code, _ = run("grade", "tainted-tickets", "--workspace", str(tmp_path), "--cleaned", str(tmp_path / "x.csv"))
        assert code != 0
    code, _ = run("grade", "tainted-tickets", "--workspace", str(tmp_path))
    assert code != 0
