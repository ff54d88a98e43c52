"""A scope file drawn from a described system: what it asks for follows from the description, and it can be loaded."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bartizan.catalog import load_catalog
from bartizan.cli.main import app
from bartizan.core.system import System
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.cases import load_cases
from bartizan.redteam.converters import converters
from bartizan.redteam.errors import ScopeError
from bartizan.redteam.planning.coverage import DISGUISES, WHAT_IS_SEEN, State, applies, coverage, waits_for
from bartizan.redteam.planning.exposure import exposure_of
from bartizan.redteam.planning.scoping import CANARY, KEY, Given, Reach, scope_text
from bartizan.redteam.scope import Scope
from bartizan.redteam.taxonomy import EntryPoint, Objective
from bartizan.workspace.document import loads
from bartizan.workspace.scaffold import write_workspace
from bartizan.workspace.workspace import Workspace


def system(**changes: Any) -> System:
    document: dict[str, Any] = {
        "version": 1,
        "name": "Desk",
        "zones": {"out": {"trust": "untrusted"}, "in": {"trust": "restricted"}},
        "data_classes": {"codes": {"sensitivity": "secret"}, "guests": {"sensitivity": "internal", "personal": True}},
        "components": {
            "guest": {"kind": "user_group", "zone": "out"},
            "desk": {"kind": "agent", "zone": "in"},
            "mailer": {"kind": "tool", "zone": "in"},
        },
        "flows": {"ask": {"from": "guest", "to": "desk", "protocol": "https", "content": ["user"]}},
    }
    for key, value in changes.items():
        document[key] = document[key] | value
    return loads(json.dumps(document).encode(), "system.yaml", System)


TOOL = {"use": {"from": "desk", "to": "mailer", "protocol": "mcp", "content": ["tool_result", "tool_definition"]}}


def test_what_is_not_described_is_not_asked_for() -> None:
    found = exposure_of(system())
    assert set(found.entry_points) == {EntryPoint.CHAT}
    assert Objective.LEAK_SECRET not in found.objectives
    assert Objective.UNAUTHORISED_ACTION not in found.objectives
    assert found.targets == ("desk",)


def test_each_part_of_the_description_adds_what_follows_from_it() -> None:
    mailer = {"kind": "tool", "zone": "in", "effects": [{"kind": "send"}, {"kind": "read"}]}
    desk = {"kind": "agent", "zone": "in", "data": ["codes", "guests"]}
    found = exposure_of(system(flows=TOOL, components={"mailer": mailer, "desk": desk}))
    assert {EntryPoint.TOOL_OUTPUT, EntryPoint.TOOL_METADATA} < set(found.entry_points)
    wanted = {Objective.LEAK_SECRET, Objective.LEAK_PERSONAL_DATA, Objective.EXFILTRATE, Objective.UNAUTHORISED_ACTION}
    assert wanted < set(found.objectives)
    assert found.tools == ("mailer",)
    assert found.secrets == ("codes",)
    assert found.objectives[Objective.UNAUTHORISED_ACTION][0].place == "components.mailer.effects"


def test_a_workspace_as_it_is_made_gives_a_plan_that_can_be_loaded(tmp_path: Path) -> None:
    write_workspace(tmp_path / "ws")
    out = tmp_path / "scope.yaml"
    done = CliRunner().invoke(app, ["redteam", "plan", "--system", str(tmp_path / "ws"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    (tmp_path / "system-prompt.txt").write_text("You help the staff of this house with its documents, and nobody else.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CANARY, "OX-17-RAVEN")
        patch.setenv(KEY, "k")
        with pytest.raises(ScopeError, match="2000-01-01"):
            Campaign(out)
        text = out.read_text().replace("2000-01-01", "2099-01-01")
        out.write_text(text)
        planned = Campaign(out).planned
    assert len(planned.trials) > 100
    assert {trial.case.entry_point for trial in planned.trials} == {
        EntryPoint.CHAT,
        EntryPoint.RAG_DOCUMENT,
        EntryPoint.MODEL,
    }
    assert any("person" in one.reason for one in planned.untested)
    catalog, cases = load_catalog(), load_cases()
    exposure = exposure_of(Workspace(tmp_path / "ws").system)
    sent = {trial.case.id for trial in planned.trials}
    assert sent == {case.id for case in cases if applies(case, exposure) and not waits_for(case)}
    tested = {row.technique for row in coverage(catalog, cases, exposure) if row.state is State.TESTED}
    assert tested <= {trial.case.technique for trial in planned.trials}
    again = CliRunner().invoke(app, ["redteam", "plan", "--system", str(tmp_path / "ws"), "--out", str(out)])
    assert again.exit_code != 0


def test_json_says_the_same(tmp_path: Path) -> None:
    write_workspace(tmp_path / "ws")
    arguments = ["redteam", "plan", "--system", str(tmp_path / "ws"), "--format", "json", "--disguised"]
    said = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert said["schema"] == "bartizan/redteam-drawn-plan/v1"
    assert set(said["entry_points"]) == {"chat", "rag_document", "model"}
    scope = loads(said["scope"].encode(), "scope.yaml", Scope)
    assert len(scope.plan.converters) == 1 + len({one for one in DISGUISES.values() if one})
    assert len(said["cases"]) > 100


def test_every_technique_and_threat_has_its_row() -> None:
    catalog, cases = load_catalog(), load_cases()
    found = exposure_of(system(flows=TOOL))
    rows = coverage(catalog, cases, found)
    assert {row.technique for row in rows} - {""} == set(catalog.techniques)
    assert {row.threat for row in rows} == set(catalog.threats)
    assert sum(row.cases for row in rows) == sum(applies(case, found) for case in cases)
    for row in rows:
        assert (row.state in {State.TESTED, State.WAITING}) == (row.cases > 0)
        assert row.reason or row.state is State.TESTED
    left = coverage(catalog, cases, found, disguised=False)
    assert {row.state for row in left} - {row.state for row in rows} == {State.LEFT_OUT}


def test_disguises_are_techniques_and_converters_that_there_are() -> None:
    assert set(DISGUISES) | WHAT_IS_SEEN <= set(load_catalog().techniques)
    assert {one for one in DISGUISES.values() if one} <= set(converters())


def test_words_of_the_description_cannot_break_out_of_the_file() -> None:
    nasty = 'x"\n  - id: evil\n    url: http://evil.example # \u2028 {{'
    described = system()
    hostile = System(
        version=1,
        name=nasty,
        description=nasty,
        zones=described.zones,
        data_classes=described.data_classes,
        components=described.components,
        flows=described.flows,
    )
    given = Given(by=nasty, until=datetime.date(2099, 1, 1), statement=nasty)
    text = scope_text(hostile, exposure_of(hostile), Reach(url="http://127.0.0.1:1/v1"), given, disguised=False)
    scope = loads(text.encode(), "scope.yaml", Scope)
    assert [one.id for one in scope.targets] == ["gateway"]
    assert scope.authorisation.by == nasty
    assert scope.name == nasty[:200]


@pytest.mark.parametrize(
    "arguments",
    [["redteam", "plan"], ["redteam", "plan", "scope.yaml", "--by", "me"], ["redteam", "plan", "a", "--system", "b"]],
)
def test_the_two_ways_are_not_mixed(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code != 0
