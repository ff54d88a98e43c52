"""Every hunt finds what was planted for it, and the rule made of its first row fires on the same journal."""

from __future__ import annotations

import io
import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hunted_journal import DAY, events, planted, write
from typer.testing import CliRunner

from bartizan.catalog import load_catalog
from bartizan.cli.main import app
from bartizan.core.control import Evidence
from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.detections.hunts import HuntResult, load_hunts, run_hunts
from bartizan.detections.hunts.charts import bars
from bartizan.detections.hunts.evidence import CONTROL, evidence_of, keep
from bartizan.detections.hunts.library import find_hunt
from bartizan.detections.hunts.model import Hunt
from bartizan.detections.hunts.rule import rule_of
from bartizan.detections.hunts.running import Period, period
from bartizan.detections.running import Run
from bartizan.detections.sigma import read_collection
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.lake.compactor import compact
from bartizan.telemetry.lake.query import Lake
from bartizan.workspace.scaffold import write_workspace

sys.path.insert(0, str(Path(__file__).parents[1]))
import detections_pages

HUNTS = load_hunts()
WHEN = Period(DAY, DAY + timedelta(days=1))
CULPRITS = {
    "shared-prompts": "shared", "techniques-over-time": "many_shot", "new-addresses": "203.0.113.77",
    "key-guessing": "203.0.113.66", "sessions-that-leak": "leaky", "hostile-tools": "read_mail",
    "rare-tools": "wire_money", "approvals": "eve", "changed-definitions": "send_mail", "new-artefacts": "new",
    "loosened-policy": "mode", "lost-processes": "killer", "broken-records": "w1-x.jsonl", "escaped-texts": "esc",
}  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("hunted")
    write(folder / "journal")
    compact(folder / "journal", folder / "lake")
    return Lake(folder / "journal", folder / "lake")


@pytest.fixture(scope="module")
def lines() -> bytes:
    return b"\n".join(msgspec.json.encode(event) for event in events()) + b"\n"


@pytest.fixture(scope="module")
def results(lake: Lake) -> dict[str, HuntResult]:
    return {result.hunt.id: result for result in run_hunts(HUNTS.values(), lake, WHEN, rows=500)}


def rows(result: HuntResult) -> list[dict[str, Any]]:
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def culprit(result: HuntResult) -> dict[str, Any]:
    """The row that speaks of what was planted."""
    wanted = CULPRITS.get(result.hunt.id, "mallory")
    return next(row for row in rows(result) if any(wanted == str(value) for value in row.values()))


def test_there_are_enough_and_all_are_planted() -> None:
    assert len(HUNTS) >= 20
    assert set(HUNTS) == set(planted())


@pytest.mark.parametrize("hunt", HUNTS.values(), ids=HUNTS)
def test_a_hunt_says_what_a_hunter_needs(hunt: Hunt) -> None:
    assert all((hunt.hypothesis, hunt.data, hunt.read, hunt.unit, hunt.techniques))
    assert hunt.title[0].isupper()
    for query in (hunt.query, hunt.population):
        assert "$1" in query or hunt.id == "broken-records"
        assert "$2" in query


@pytest.mark.parametrize("name", HUNTS)
def test_it_finds_what_was_planted(name: str, results: dict[str, HuntResult]) -> None:
    result = results[name]
    assert culprit(result)
    assert 0 < result.found.successes <= result.found.n
    if result.hunt.chart is not None:
        assert {result.hunt.chart.label, result.hunt.chart.value} <= set(result.columns)


def test_the_rules_of_their_rows_fire_on_the_same_journal(results: dict[str, HuntResult], lines: bytes) -> None:
    made = {name: rule_of(hunt, culprit(results[name])) for name, hunt in HUNTS.items() if hunt.rule is not None}
    assert len(made) >= 25
    run = Run(read_collection("---\n".join(made.values())))
    fired = {finding.rule.name.rpartition("_")[0].replace("_", "-") for finding in run.over(io.BytesIO(lines))}
    fewer = {"busiest-principals", "prompt-variety", "approvals", "hang-ups", "near-misses"}
    assert fired == set(made) - fewer
    assert run.summary.noisy == []


def test_a_campaign_of_ours_is_told_from_attackers(results: dict[str, HuntResult]) -> None:
    found = {row["principal"] for row in rows(results["attacks-of-nobodys-campaign"])}
    assert "mallory" in found
    assert "red-team" not in found


def test_an_ordinary_day_has_no_attacker(lake: Lake) -> None:
    quiet = {"escaped-texts", "hostile-tools", "loosened-policy", "broken-records", "blocked-then-passed", "hang-ups",
             "shared-prompts", "unread-content", "disguises", "model-enumeration", "prompt-variety"}  # fmt: skip
    ordinary = Period(DAY - timedelta(days=1), DAY - timedelta(seconds=1))
    noisy = {one.hunt.id for one in run_hunts([HUNTS[name] for name in quiet], lake, ordinary) if one.rows}
    assert noisy == {"prompt-variety"}  # applications whose questions all differ, as its page says


def test_no_rule_comes_from_a_row_without_a_value(results: dict[str, HuntResult]) -> None:
    with pytest.raises(ConfigurationError, match="no value for principal"):
        rule_of(HUNTS["near-misses"], {"principal": None})
    with pytest.raises(ConfigurationError, match="makes no rule"):
        rule_of(HUNTS["odd-hours"], culprit(results["odd-hours"]))


@pytest.mark.parametrize("name", ["a*", "\\", "?", "x: {y}", "'", '"', "\u2028", "- a", "a\\*b"])
def test_values_of_a_row_are_meant_as_they_stand(name: str) -> None:
    hunt = HUNTS["unread-content"]
    collection = read_collection(rule_of(hunt, {"principal": name, "content": "image"}))
    record = {"kind": "request.accepted", "coverage": {"uncovered": [{"kind": "image"}]}}
    for principal, wanted in ((name, 1), (name + "b", 0), ("ab", 0), ("other", 0)):
        text = json.dumps({**record, "principal": principal}).encode()
        assert len(list(Run(collection).over(io.BytesIO(text)))) == wanted


def test_answers_are_kept_as_evidence(tmp_path: Path, results: dict[str, HuntResult]) -> None:
    result = results["near-misses"]
    document = evidence_of(result, [{"principal": "mallory"}], DAY)
    path = keep(document, tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    kept = json.loads(path.read_bytes())
    evidence = msgspec.convert(kept["evidence"], Evidence)
    assert evidence.control == CONTROL
    assert CONTROL in load_catalog().controls
    assert (evidence.n, evidence.result) == (result.found.n, result.found.value)
    assert evidence.interval[0] < evidence.result < evidence.interval[1]
    other = evidence_of(result, [{"principal": "somebody else"}], DAY)
    assert other["evidence"]["digest"] != document["evidence"]["digest"]
    assert keep(other, tmp_path) != path


def test_own_hunts_stand_beside_those_that_ship(tmp_path: Path) -> None:
    (tmp_path / "hunts").mkdir()
    own = tmp_path / "hunts" / "mine.yaml"
    text = (
        "id: mine\ntitle: Mine\nthreat: agent_risk\ntechniques: [attack.t1]\nhypothesis: h\ndata: d\n"
        "query: SELECT 1 AS one WHERE $1 < $2\nread: r\nunit: things\npopulation: SELECT 1 WHERE $1 < $2\n"
    )
    own.write_text(text)
    assert list(load_hunts(tmp_path)) == [*HUNTS, "mine"]
    own.write_text(text + "colour: red\n")
    with pytest.raises(DocumentError, match=r"mine\.yaml:11:1"):
        load_hunts(tmp_path)
    own.write_text(text.replace("id: mine", "id: other"))
    with pytest.raises(ConfigurationError, match="name the file after the id"):
        load_hunts(tmp_path)
    own.unlink()
    (tmp_path / "hunts" / "approvals.yaml").write_text(text.replace("id: mine", "id: approvals"))
    with pytest.raises(ConfigurationError, match="already"):
        load_hunts(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        find_hunt(HUNTS, "aprovals")
    assert "approvals" in caught.value.hint


def test_the_time_looked_at() -> None:
    assert period(2, now=DAY) == Period(DAY - timedelta(days=2), DAY)
    assert period(2, "2026-03-01", "2026-03-02T01:00:00+01:00").parameters()[1].isoformat() == "2026-03-02T00:00:00"
    for since, until in (("soon", ""), ("2026-03-02", "2026-03-01")):
        with pytest.raises(ConfigurationError):
            period(1, since, until)


def test_bars() -> None:
    drawn = bars(["a", "b" * 40, "c"], [4, 2.5, None], width=4, label_width=6)
    assert drawn == ["a      ████ 4", "bbbbb… ██▌  2.5", "c           0"]
    assert bars([], []) == []
    assert len(bars(["x"] * 30, [1] * 30)) == 16
    assert bars(["n"], [float("nan")])


PAGES = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "ws"
    write_workspace(folder)
    journal = Journal(folder / ".bartizan" / "journal", "test")
    for event in events():
        if event.at >= DAY:
            journal.append(event)
    journal.close()
    return folder


def invoke(workspace: Path, *words: str) -> tuple[int, str]:
    when = ["--since", "2026-03-04", "--until", "2026-03-05"]
    result = CliRunner().invoke(app, ["hunt", *words, "--workspace", str(workspace), *when], env={"COLUMNS": "110"})
    return result.exit_code, result.output


def test_a_hunt_is_run_kept_and_made_a_rule(workspace: Path, tmp_path: Path) -> None:
    status, text = invoke(workspace, "run", "secrets-in-answers")
    assert status == 1
    assert "mallory" in text
    assert "█" in text
    assert "reading" in text
    status, text = invoke(workspace, "run", "secrets-in-answers", "--format", "json")
    assert json.loads(text)["rows"][0]["principal"] == "mallory"
    assert invoke(workspace, "run", "secrets-in-answers", "--format", "csv")[1].startswith("principal,guard,")
    status, text = invoke(workspace, "save", "secrets-in-answers", "--format", "json")
    assert status == 0
    assert Path(json.loads(text)["path"]).is_file()
    out = tmp_path / "rule.yml"
    assert invoke(workspace, "to-rule", "hostile-tools", "--out", str(out))[0] == 0
    (one,) = read_collection(out.read_text()).rules
    assert one.header.level == "high"
    for words in (
        ("to-rule", "hostile-tools", "--out", str(out)), ("to-rule", "hostile-tools", "--row", "9"),
        ("save", "all"), ("run", "nothing"),
    ):  # fmt: skip
        result = CliRunner().invoke(app, ["hunt", *words, "--workspace", str(workspace), "--since", "2026-03-04"])
        assert isinstance(result.exception, ConfigurationError), words


def test_all_hunts_at_once(workspace: Path) -> None:
    status, text = invoke(workspace, "run", "all", "--format", "json")
    assert status == 1
    assert [one["hunt"] for one in json.loads(text)["hunts"]] == list(HUNTS)


def test_the_page_shows_what_happens_and_its_example_loads(tmp_path: Path, workspace: Path) -> None:
    page = (PAGES / "detections" / "hunts.md").read_text(encoding="utf-8")
    (words, shown), *_ = re.findall(r"\$ bartizan hunt (.*?) --workspace ws .*?\n(.*?)```", page, re.DOTALL)
    assert invoke(workspace, *words.split()) == (1, shown)
    assert detections_pages.tables("hunts.md")[0] == detections_pages.hunts()
    assert f"{len(HUNTS)} hunts ship" in page
    (tmp_path / "hunts").mkdir()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "hunts" / "late-embeddings.yaml").write_text(example, encoding="utf-8")
    hunt = load_hunts(tmp_path)["late-embeddings"]
    assert "openai.embeddings" in rule_of(hunt, {"principal": "x"})
