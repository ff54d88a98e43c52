"""``bartizan range`` for exercises with learned models."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.learned_scenario import LearnedScenario
from bartizan.range.serving import serving
from bartizan.range.state import RangeState


def start_learned(workspace: Path, state: RangeState, scenario: LearnedScenario, seed: int | None) -> None:
    """Write the learner's files, and say what is handed in."""
    from bartizan.app.learned_range import exercise

    folder = workspace / ".bartizan" / "range" / scenario.id
    out = console()
    for line in exercise(scenario).plant(state.seed(seed), folder):
        out.print(line, markup=False, soft_wrap=True)
    out.print(f"Hand in for the attack   {scenario.attack}", markup=False, soft_wrap=True)
    out.print(f"and for the defence      {scenario.defence}", markup=False, soft_wrap=True)


def start_served(workspace: Path, state: RangeState, scenario: LearnedScenario, seed: int | None, port: int) -> None:
    """The same, and serve the model on loopback until Ctrl-C."""
    from bartizan.app import grader_range

    start_learned(workspace, state, scenario, seed)
    folder, out = workspace / ".bartizan" / "range" / scenario.id, console()

    async def serve() -> None:
        async with serving(grader_range.served(state.seed(), folder), port) as url:
            out.print(f"its model               {url}/v2/models/{grader_range.NAME}", markup=False, soft_wrap=True)
            out.print(f"rows that it answers    {grader_range.BUDGET}, over all starts until a reset")
            out.print("Press Ctrl-C to stop.")
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        out.print("stopped")


def grade_learned(
    state: RangeState, scenario: LearnedScenario, attack: Path | None, defence: Path | None
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError."""
    from bartizan.app.learned_range import exercise

    if attack is None and defence is None:
        raise ConfigurationError("nothing to grade", f"--attack takes {scenario.attack}; --defence {scenario.defence}")
    seed, graded = state.seed(), exercise(scenario)
    return (
        None if attack is None else graded.attack(seed, attack),
        None if defence is None else graded.defence(scenario, seed, defence),
    )
