from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.bench.telemetry import questions
from bartizan.bench.telemetry.ingest import Folders, fill
from bartizan.bench.telemetry.judging import FEW, first_of, judge
from bartizan.bench.telemetry.records import NEEDLE, month
from bartizan.detections.rulebook import rules_in_force

EVENTS = 12_000


def test_lake_and_peers_give_the_same_answers_about_the_same_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "REPEATS", 1)
    folders = Folders(tmp_path / "journal", tmp_path / "lake")
    rows = {row.what: row for row in fill(folders, EVENTS, 4, lambda what: None)}
    assert rows["lake"].n == EVENTS
    assert not rows["lake"].missed
    assert rows["journal"].value > rows["lake"].value > 20
    answers, notes = questions.ask(folders, EVENTS, lambda what: None)
    assert [row.what for row in answers if row.subject == "SQLite"] == [one.what for one in questions.QUESTIONS]
    assert not [note for note in notes if "another answer" in note]
    judged = judge(folders.journal, 2_000)
    every = rules_in_force({})
    few = first_of(every, FEW)
    assert len(few.reported) == FEW < len(every.reported)
    assert FEW <= len(few.rules) < len(every.rules)
    assert (judged.records, judged.rules > 100) == (2_000, True)
    monkeypatch.setattr(questions, "_plain", lambda answer: [[object()]])
    assert any("another answer" in note for note in questions.ask(folders, EVENTS, lambda what: None)[1])


def test_the_month_holds_what_is_asked_for() -> None:
    events = list(month(30_000, seed=2))
    assert len(events) == 30_000
    kinds = [event.__struct_config__.tag for event in events]
    assert {"request.accepted", "request.completed", "request.refused"} == set(kinds)
    assert any(NEEDLE in content.text for event in events for content in getattr(event, "content", ()))
    assert [event.at for event in events] == sorted(event.at for event in events)
