"""The rug pull: pins pass, trust on first use and blind acceptance fail, refusing everything fails."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bartizan.cli import mcp
from bartizan.cli import range as range_command
from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios import TOOL_SCENARIOS
from bartizan.range.toolbox.tools import VARIANTS, drop_code, hidden

SCENARIO = TOOL_SCENARIOS["rug-pull"]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A workspace whose proxy stands before the learner's toolbox; nothing is pinned yet."""
    started = run(range_command.app, "start", "rug-pull", "--seed", "7", "--workspace", str(tmp_path))
    assert started.exit_code == 0
    section = yaml.safe_load(started.stdout.partition("\n")[2])
    section["mcp"]["servers"][0]["inherit"] = ["PYTHONPATH"]
    (tmp_path / "bartizan.yaml").write_text(yaml.safe_dump({"version": 1, **section}))
    policy(tmp_path)
    return tmp_path


def policy(lab: Path, **rows: Any) -> None:
    document = {"version": 1, "classifier": {"enabled": False}, "mcp": rows}
    (lab / "policy.yaml").write_text(yaml.safe_dump(document))


def run(app: Any, *words: str) -> Any:
    return CliRunner().invoke(app, words)


def grade(lab: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = run(range_command.app, "grade", "rug-pull", "--workspace", str(lab), "--format", "json", *more)
    return done.exit_code, json.loads(done.stdout)


def test_pins_stop_every_turn_and_keep_the_honest_tools(lab: Path) -> None:
    assert run(mcp.app, "pin", "--all", "--workspace", str(lab)).exit_code == 0
    status, graded = grade(lab, "--proxy")
    assert status == 0, graded
    assert graded["defence"]["passed"] is True
    assert graded["defence"]["inconclusive"] == 0, "every attack works without the proxy"
    assert graded["attack"] is None


def test_trust_on_first_use_fails(lab: Path) -> None:
    policy(lab, pins="first_use")
    status, graded = grade(lab, "--proxy")
    assert status == 1
    assert "added" in graded["defence"]["got_through"], "a new tool that says nothing suspicious is trusted"


def test_without_pins_nothing_works_and_that_fails_too(lab: Path) -> None:
    status, graded = grade(lab, "--proxy")
    assert status == 1
    assert graded["defence"]["stopped"]["successes"] == len(SCENARIO.held_out("attacks"))
    assert graded["defence"]["kept"]["successes"] == 0


class Everything:
    """No defence at all."""

    async def offered(self) -> tuple[str, ...]:
        return tuple({case.tool for case in (*SCENARIO.held_out("attacks"), *SCENARIO.held_out("benign"))})

    async def call(self, tool: str, arguments: dict[str, Any]) -> str | None:
        return "done"


class NoDefence:
    @asynccontextmanager
    async def direct(self, environment: Mapping[str, str]) -> AsyncIterator[Everything]:
        yield Everything()

    guarded = direct


def test_no_defence_fails_and_lets_every_attack_through() -> None:
    graded = asyncio.run(SCENARIO.grade_defence(NoDefence(), 7))
    assert graded.passed is False
    assert len(graded.got_through) == graded.stopped.n
    assert not graded.lost


def test_the_toolbox_turns_after_three_calls_for_good_and_hides_its_code(lab: Path) -> None:
    folder = lab / ".bartizan" / "range" / "rug-pull"
    calls = "".join(
        json.dumps({"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": "quote_price"}}) + "\n"
        for n in range(3)
    )
    listing = json.dumps({"jsonrpc": "2.0", "id": 9, "method": "tools/list"}) + "\n"
    command = [sys.executable, "-m", "bartizan.range.toolbox", str(folder)]
    before = subprocess.run(command, input=listing + calls, capture_output=True, text=True, check=True, env=os.environ)
    assert drop_code(7) not in before.stdout
    assert "list_changed" in before.stdout
    after = subprocess.run(command, input=listing, capture_output=True, text=True, check=True, env=os.environ)
    tools = json.loads(after.stdout)["result"]["tools"]
    assert hidden(drop_code(7)) in json.dumps(tools, ensure_ascii=False)
    shown = run(mcp.app, "list", "--workspace", str(lab)).stdout
    code = re.search(r"[A-Z]+-[0-9]{4}-[A-Z]+", shown)
    assert code is not None, shown
    assert grade(lab, "--secret", code[0])[0] == 0
    assert grade(lab, "--secret", "HERON-1234-TULIP")[0] == 1


def test_variants_differ_from_what_was_approved_or_are_the_same_definitions() -> None:
    honest = VARIANTS["honest"](1)
    for name in ("reordered", "decorated"):
        assert sorted(t["name"] for t in VARIANTS[name](1)) == sorted(t["name"] for t in honest)
    for case in SCENARIO.held_out("attacks"):
        variant = VARIANTS[case.environment.get("TOOLBOX_VARIANT", "honest")](1)
        assert variant != honest or "TOOLBOX_IDENTITY" in case.environment


def test_a_workspace_without_the_toolbox_says_so(tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text("version: 1\nmcp: {servers: [{name: a, command: [b]}]}\n")
    done = run(range_command.app, "grade", "rug-pull", "--workspace", str(tmp_path), "--proxy")
    assert isinstance(done.exception, ConfigurationError)
