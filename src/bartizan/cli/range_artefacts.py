"""``bartizan range`` for exercises with model files."""

from __future__ import annotations

import sys
from pathlib import Path

from bartizan.cli.output import console
from bartizan.cli.range_gate import grade_by_gate
from bartizan.range.scenarios.artefact_scenario import MODULE, ArtefactScenario
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.state import RangeState


def start_intake(workspace: Path, state: RangeState, scenario: ArtefactScenario, seed: int | None) -> None:
    """Plant the learner's seed and files, and say how the shop loads one."""
    folder = workspace / ".bartizan" / "range" / scenario.id
    scenario.plant(folder, state.seed(seed))
    out = console()
    out.print(f"the shop's models        {folder / 'models'}", markup=False)
    out.print(f"as their publishers sent {folder / 'published'}", markup=False)
    out.print(f"purchasing notes         {folder / 'NOTES.txt'}", markup=False)
    out.print("The shop loads a file with:")
    out.print(f'  "{sys.executable}" -m {MODULE} "{folder}" FILE', markup=False)


def grade_intake(
    workspace: Path, state: RangeState, scenario: ArtefactScenario, secret: str, *, gate: bool
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError."""

    def defence(seed: int) -> DefenceGrade:
        from bartizan.app.artefact_range import LabAdmission

        models = str(Path(".bartizan") / "range" / scenario.id / "models")
        return scenario.grade_defence(LabAdmission(workspace), seed, models)

    return grade_by_gate(state, secret, gate, scenario.grade_attack, defence)
