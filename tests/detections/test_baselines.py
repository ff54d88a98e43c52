"""Ordinary days stay below the threshold, odd ones stand out for the reason that makes them odd."""

from __future__ import annotations

import json
import math
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from scipy import stats
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.stats.tails import poisson_tail, student_tail
from bartizan.detections.baselines import read_days, score_days
from bartizan.detections.baselines.reading import Day, Days
from bartizan.detections.baselines.scoring import ALARM, LEAST_DAYS, Scored
from bartizan.detections.hunts.running import Period
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.lake.query import Lake
from bartizan.telemetry.rehearsal import PEOPLE, START, Rehearsal
from bartizan.workspace.scaffold import write_workspace

FIRST = date(2026, 3, 2)


def usual(number: int, **more: Any) -> Day:
    """A day that differs a little from the others."""
    tools = frozenset({"mail/read", "mail/list"})
    given: dict[str, Any] = {
        "requests": 40 + number % 7, "refused": number % 2, "tokens": 300.0 + 9 * (number % 5),
        "hours": frozenset(range(8, 16 + number % 2)), "asked": 38, "different": 36, "peak": 8 + number % 3,
        "tools": tools, "languages": frozenset({"de", "en"}),
    }  # fmt: skip
    return Day(FIRST + timedelta(days=number), **{**given, **more})


def scored(last: Day, before: int = 20) -> Scored:
    days = [usual(number) for number in range(before)]
    (one,) = score_days(Days({"x": [*days, last]}, complete=True), last.day).scored
    return one


def test_a_usual_day_is_no_surprise() -> None:
    assert scored(usual(20)).score < 1


@pytest.mark.parametrize(
    ("change", "feature"),
    [
        ({"requests": 300}, "requests"),
        ({"tokens": 2_500.0}, "tokens of an answer"),
        ({"refused": 30}, "refused"),
        ({"peak": 70}, "different prompts in the busiest hour"),
        ({"hours": frozenset({1, 2, 3, 4, 5})}, "unusual hours"),
        ({"tools": frozenset(f"bank/{n}" for n in range(5))}, "unusual tools"),
        ({"languages": frozenset({"de", "en", "ja", "ko", "und-Cyrl"})}, "unusual languages"),
    ],
)
def test_an_odd_day_stands_out_for_its_reason(change: dict[str, Any], feature: str) -> None:
    one = scored(usual(20, **change))
    assert one.score >= ALARM
    assert one.reasons[0].feature == feature
    assert one.reasons[0].words.startswith(feature)
    assert one.reasons[0].value > one.reasons[0].high


@pytest.mark.parametrize(
    "change",
    [
        {"requests": 4, "asked": 4, "different": 4, "peak": 2},
        {"requests": 1, "refused": 1, "asked": 0, "different": 0, "tokens": None},
        {"hours": frozenset({3})},
        {"tools": frozenset({"mail/read", "mail/new"})},
        {"tools": frozenset()},
        {"languages": frozenset()},
        {"languages": frozenset({"de", "fr"})},
    ],
)
def test_less_than_usual_or_one_oddity_is_no_alarm(change: dict[str, Any]) -> None:
    assert scored(usual(20, **change)).score < ALARM


def test_days_from_before_languages_were_recorded_are_no_history() -> None:
    days = [usual(number, languages=frozenset({"de"} if number > 15 else ())) for number in range(20)]
    (one,) = score_days(Days({"x": [*days, usual(20)]}, complete=True), usual(20).day).scored
    assert "unusual languages" not in [reason.feature for reason in one.reasons]


def test_a_cold_start_is_said() -> None:
    few = [usual(number) for number in range(LEAST_DAYS)]
    found = score_days(Days({"new": few, "rare": [usual(n, requests=2) for n in range(12)]}, complete=True), FIRST)
    assert not found.scored
    assert found.cold == {"new": LEAST_DAYS - 1, "rare": 11}


def test_history_is_bounded() -> None:
    days = [usual(number, requests=4_000) for number in range(30)] + [usual(number) for number in range(30, 60)]
    last = usual(60, requests=1_500)
    (one,) = score_days(Days({"x": [*days, last]}, complete=True), last.day, history=30).scored
    assert one.days_before == 30
    assert one.reasons[0].feature == "requests"


def test_tails_agree_with_scipy() -> None:
    for t in (-3.0, 0.0, 0.5, 2.0, 9.0):
        for degrees in (1, 6, 29):
            assert math.isclose(student_tail(t, degrees), float(stats.t.sf(t, degrees)), rel_tol=1e-9)
    for count in (0, 1, 3, 40):
        for mean in (0.01, 0.6, 5.0, 60.0):
            assert math.isclose(poisson_tail(count, mean), float(stats.poisson.sf(count - 1, mean)), rel_tol=1e-9)
    assert poisson_tail(1, 0.0) == 0
    for wrong in (lambda: student_tail(0, 0), lambda: poisson_tail(1, -1)):
        with pytest.raises(ValueError):
            wrong()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks of a small company; on the last day one colleague asks far too much, at night."""
    folder = tmp_path_factory.mktemp("usual") / "ws"
    write_workspace(folder)
    rehearsal = Rehearsal(3, share=0.15)
    events = rehearsal.days(14)
    dunja = PEOPLE[6]._replace(name="shop-search")
    for number in range(150):
        at = START + timedelta(days=13, hours=1, seconds=40 * number)
        events += rehearsal.exchange(dunja, at)
    with closing(Journal(folder / ".bartizan" / "journal", "test")) as journal:
        for event in sorted(events, key=lambda event: event.at):
            journal.append(event)
    return folder


def test_days_are_read_from_the_lake(workspace: Path) -> None:
    state = workspace / ".bartizan"
    when = Period(START, START + timedelta(days=14))
    days = read_days(Lake(state / "journal", state / "lake"), when)
    assert days.complete
    assert set(days.by_name) == {habit.name for habit in PEOPLE}
    agent = days.by_name["mail-agent"][0]
    assert "mail/read_mail" in agent.tools
    assert 0 < agent.different <= agent.asked <= agent.requests
    assert agent.tokens is not None
    assert 100 < agent.tokens < 600
    by_model = read_days(Lake(state / "journal", state / "lake"), when, "model")
    assert set(by_model.by_name) == {"chat-small", "chat-large", "embed"}


def test_the_command_says_who_and_why(workspace: Path) -> None:
    words = ["hunt", "baselines", "--workspace", str(workspace)]
    done = CliRunner().invoke(app, [*words, "--until", "2026-03-16", "--format", "json"])
    assert done.exit_code == 1, done.output
    found = json.loads(done.stdout)
    assert [day["name"] for day in found["days"]] == ["shop-search"]
    assert found["days"][0]["day"] == "2026-03-15"
    quiet = CliRunner().invoke(app, [*words, "--until", "2026-03-15"], env={"COLUMNS": "160"})
    assert quiet.exit_code == 0, quiet.output
    assert "too little history" in quiet.output
    assert CliRunner().invoke(app, [*words, "--until", "2026-03-04"]).exit_code == 2
