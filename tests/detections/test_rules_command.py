"""``bartizan rules`` as a user runs it; the page shows what happens."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from stream import jsonl
from typer.testing import CliRunner

from bartizan.cli.main import app

PAGE = (Path(__file__).parents[2] / "docs" / "detections" / "rules.md").read_text(encoding="utf-8")
EVENTS = [
    {"id": "e1", "time": "2026-11-27T08:00:00Z", "action": "login", "outcome": "failure", "user": "ann"},
    {"id": "e2", "time": "2026-11-27T08:01:00Z", "action": "login", "outcome": "failure", "user": "Ann"},
    {"id": "e3", "time": "2026-11-27T08:01:30Z", "action": "login", "outcome": "failure", "user": "bob"},
    {"id": "e4", "time": "2026-11-27T08:02:00Z", "action": "login", "outcome": "failure", "user": "ann"},
    {"id": "e5", "time": "2026-11-27T08:02:10Z", "action": "login", "outcome": "success", "user": "ann"},
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shown = re.search(r"\$ cat login.yml\n(.*?)\$ bartizan", PAGE, re.DOTALL)
    assert shown
    (tmp_path / "login.yml").write_text(shown[1])
    (tmp_path / "events.jsonl").write_bytes(jsonl(EVENTS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rules", *words])
    return result.exit_code, result.output


def test_the_example_of_the_page_prints_what_is_shown(folder: Path) -> None:
    code, output = invoke("run", "login.yml", "--events", "events.jsonl")
    assert code == 1
    assert f"$ bartizan rules run login.yml --events events.jsonl\n{output}```" in PAGE


def test_json_has_its_schema_and_the_ids_of_the_events(folder: Path) -> None:
    code, output = invoke("run", "login.yml", "--events", "events.jsonl", "--format", "json")
    document: dict[str, Any] = json.loads(output)
    assert code == 1
    assert document["schema"] == "bartizan/rules-run/v1"
    (finding,) = document["findings"]
    assert (finding["events"], finding["completed_by"], finding["lines"]) == (["e1", "e2", "e4"], ["e4"], [1, 2, 4])
    assert finding["group"] == {"user": "ann"}
    assert document["summary"]["complete"] is True


@pytest.mark.parametrize(
    ("events", "words", "code"),
    [
        (jsonl(EVENTS[3:]), [], 0),
        (jsonl(EVENTS[3:]) + b"{broken\n", [], 2),
        (jsonl(EVENTS) + b"{broken\n", [], 1),
        (jsonl([{**event, "time": "?"} for event in EVENTS]), [], 2),
        (jsonl(EVENTS), ["--lateness", "5x"], None),
    ],
)
def test_exit_status(folder: Path, events: bytes, words: list[str], code: int | None) -> None:
    (folder / "events.jsonl").write_bytes(events)
    assert invoke("run", "login.yml", "--events", "events.jsonl", *words)[0] == (code if code is not None else 1)
    if code is None:
        assert "findings" not in invoke("run", "login.yml", "--events", "events.jsonl", *words)[1]


def test_check_names_the_place(folder: Path) -> None:
    assert invoke("check", "login.yml") == (0, "2 rules are sound\n")
    path = folder / "login.yml"
    path.write_text(path.read_text().replace("condition: selection", "condition: selektion"))
    code, output = invoke("check", "login.yml")
    assert code == 2
    assert "login.yml:8:14: found the name 'selektion', expected the name of a selection" in output


def test_a_checkpoint_goes_on(folder: Path) -> None:
    words = ["run", "login.yml", "--events", "events.jsonl", "--lateness", "30s", "--checkpoint", "state"]
    (folder / "events.jsonl").write_bytes(jsonl(EVENTS[:3]))
    assert invoke(*words)[0] == 0
    later = {"time": "2026-11-27T09:00:00Z", "id": "e9"}
    (folder / "events.jsonl").write_bytes(jsonl([*EVENTS, later]))
    assert "events: e1, e2, e4" in invoke(*words)[1]
    assert invoke(*words)[0] == 0


CLI = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
CONVERT = (Path(__file__).parents[2] / "docs" / "detections" / "convert.md").read_text(encoding="utf-8")


def test_conversion_prints_what_the_pages_show(folder: Path) -> None:
    (shown,) = re.findall(r"\$ (bartizan rules convert .*?)\n(.*?)```", CLI, re.DOTALL)
    assert invoke(*shown[0].split()[2:]) == (0, shown[1])
    (shown,) = re.findall(r"\$ (bartizan rules convert .*?)\n(.*?)```", CONVERT, re.DOTALL)
    (folder / "rules").mkdir()
    rule = "title: Tool call blocked\nlevel: high\ndetection: {s: {kind: tool.decided, action: block}, condition: s}\n"
    (folder / "rules" / "tools.yml").write_text(rule)
    assert invoke(*shown[0].split()[2:]) == (0, shown[1])


def test_refused_rules_show_in_status_and_files(folder: Path) -> None:
    rules = "title: a\ndetection: {s: {f|re: x}, condition: s}\n---\n"
    rules += "title: b\ndetection: {s: {f: x}, condition: s}\n---\n"
    rules += "title: b\nid: other\ndetection: {s: {f: y}, condition: s}\n"
    (folder / "r.yml").write_text(rules)
    status, text = invoke("convert", "r.yml", "--to", "sqlite", "--out", "made", "--format", "json")
    assert status == 1
    found = json.loads(text)
    assert found["schema"] == "bartizan/rules-convert/v1"
    assert [bool(rule["query"]) for rule in found["rules"]] == [False, True, True]
    assert "regex" in found["rules"][0]["refused"]
    assert sorted(path.name for path in (folder / "made").iterdir()) == ["b.sql", "b_2.sql"]
    (folder / "r.yml").write_text("title: a\ndetection: {s: {f|re: x}, condition: s}\n")
    assert invoke("convert", "r.yml", "--to", "splunk")[0] == 2
