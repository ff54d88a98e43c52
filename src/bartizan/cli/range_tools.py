"""``bartizan range`` for exercises with a tool server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.tool_scenario import ToolScenario
from bartizan.range.state import RangeState

MODULE = "bartizan.range.toolbox"


def start_toolbox(workspace: Path, state: RangeState, scenario: str, seed: int | None) -> None:
    """Plant the learner's seed and say how a client or the proxy starts the server."""
    state.seed(seed)
    folder = (workspace / ".bartizan" / "range" / scenario).resolve()
    out = console()
    out.print("The server is a command; put it into bartizan.yaml of this workspace:")
    out.print("mcp:\n  servers:\n    - name: toolbox", markup=False)
    out.print(f'      command: ["{sys.executable}", -m, {MODULE}, "{folder}"]', markup=False)


def grade_toolbox(
    workspace: Path, state: RangeState, scenario: ToolScenario, secret: str, *, proxy: bool
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError."""
    if not secret and not proxy:
        raise ConfigurationError("nothing to grade", "give --secret for your attack, --proxy for your defence, or both")
    seed = state.seed()
    attack = scenario.grade_attack(seed, secret) if secret else None
    if not proxy:
        return attack, None
    from bartizan.app.mcp_range import LabFronts
    from bartizan.app.mcp_setting import mcp_setting

    fronts = LabFronts(mcp_setting(workspace), MODULE)
    return attack, asyncio.run(scenario.grade_defence(fronts, seed))
