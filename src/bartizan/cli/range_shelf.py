"""``bartizan range`` for exercises with a registry."""

from __future__ import annotations

import sys
from pathlib import Path

from bartizan.cli.output import console
from bartizan.cli.range_gate import grade_by_gate
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.shelf_scenario import MODULE, ShelfScenario
from bartizan.range.state import RangeState


def start_shelf(workspace: Path, state: RangeState, scenario: ShelfScenario, seed: int | None) -> None:
    """Plant the learner's seed and files, and say how the shop takes a file off the shelf."""
    from bartizan.app.shelf_range import public_key

    folder = workspace / ".bartizan" / "range" / scenario.id
    planted = state.seed(seed)
    scenario.plant(folder, planted, public_key(planted))
    out = console()
    out.print(f"the shop's notes     {folder / 'NOTES.txt'}", markup=False)
    out.print(f"the hub's files      {folder / 'hub'}", markup=False)
    out.print(f"the publisher's key  {folder / 'publisher.pub'}", markup=False)
    out.print("The shop takes a file off the shelf and loads it with:")
    out.print(f'  "{sys.executable}" -m {MODULE} "{folder}" OWNER/REPOSITORY/FILE', markup=False)


def grade_shelf(
    workspace: Path, state: RangeState, scenario: ShelfScenario, secret: str, *, gate: bool
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError."""

    def defence(seed: int) -> DefenceGrade:
        from bartizan.app.shelf_range import LabShelf

        return scenario.grade_defence(LabShelf(workspace), seed)

    return grade_by_gate(state, secret, gate, scenario.grade_attack, defence)
