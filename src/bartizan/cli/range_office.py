"""``bartizan range`` for exercises with an assistant that has tools."""

from __future__ import annotations

from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.range.office.assistant import Everything
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.office_scenario import ATTEMPT, OfficeScenario
from bartizan.range.state import RangeState


def start_office(workspace: Path, state: RangeState, scenario: OfficeScenario, seed: int | None) -> None:
    """Plant the learner's seed and files, and play the attempt that stands there. Raises ArtefactError."""
    from bartizan.app.office_range import plain_guard

    folder = workspace / ".bartizan" / "range" / scenario.id
    planted = state.seed(seed)
    scenario.plant(folder)
    out = console()
    out.print(f"the tools     {folder / 'tools.json'}", markup=False)
    out.print(f"your attempt  {folder / ATTEMPT}: change it and start again", markup=False)
    played, left = scenario.attempt(folder, plain_guard(), planted)
    for one in played:
        became = "ran" if one.ran else "did not run"
        why = f" ({one.action.value} by {one.policy})" if one.policy else f" ({one.action.value})"
        out.print(f"  {printable(one.step.tool, 80)} {became}{why}", markup=False)
    out.print("What outsiders got:" if left else "Outsiders got nothing.")
    for line in left:
        out.print(f"  {printable(line, 300)}", markup=False)


def grade_office(
    workspace: Path, state: RangeState, scenario: OfficeScenario, secret: str, *, guard: bool
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError or DocumentError."""
    if not secret and not guard:
        raise ConfigurationError("nothing to grade", "give --secret for your attack, --guard for your defence, or both")
    seed = state.seed()
    attack = scenario.grade_attack(seed, secret) if secret else None
    if not guard:
        return attack, None
    from bartizan.app.office_range import lab_guard

    return attack, scenario.grade_defence(lab_guard(workspace) or Everything(), seed)
