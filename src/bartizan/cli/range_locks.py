"""``bartizan range`` for exercises with lock files."""

from __future__ import annotations

import sys
from pathlib import Path

from bartizan.cli.output import console
from bartizan.cli.range_gate import grade_by_gate
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.lock_scenario import MODULE, LockScenario
from bartizan.range.state import RangeState


def start_locks(workspace: Path, state: RangeState, scenario: LockScenario, seed: int | None) -> None:
    """Plant the learner's seed and files, and say how the build machine installs one."""
    folder = workspace / ".bartizan" / "range" / scenario.id
    planted = state.seed(seed)
    scenario.plant(folder, planted)
    out = console()
    out.print(f"the team's notes   {folder / 'NOTES.txt'}", markup=False)
    out.print(f"its lock file      {folder / 'lock.txt'}", markup=False)
    out.print(f"advisories         {folder / 'advisories'}", markup=False)
    out.print(f"index metadata     {folder / 'index'}", markup=False)
    out.print("The build machine installs a file with:")
    out.print(f'  WHARF_SEED={planted} "{sys.executable}" -m {MODULE} FILE', markup=False)


def grade_locks(
    workspace: Path, state: RangeState, scenario: LockScenario, secret: str, *, gate: bool
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError."""

    def defence(seed: int) -> DefenceGrade:
        from bartizan.app.artefact_range import LabAdmission

        return scenario.grade_defence(LabAdmission(workspace), seed)

    return grade_by_gate(state, secret, gate, scenario.grade_attack, defence)
