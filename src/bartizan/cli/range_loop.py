"""``bartizan range`` for the exercise with open findings."""

from __future__ import annotations

from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.hardening.exercise import HOSTS, LoopScenario
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.state import RangeState
from bartizan.workspace.scaffold import write_workspace

LAB = "lab"
FINDINGS = "findings.json"


def start_loop(workspace: Path, state: RangeState, scenario: LoopScenario, seed: int | None) -> None:
    """Write the learner's workspace and the campaign's findings, and say where they are."""
    folder = workspace / ".bartizan" / "range" / scenario.id / LAB
    if not folder.exists():
        chosen = state.seed(seed)
        write_workspace(folder)
        (folder / FINDINGS).write_bytes(scenario.export(chosen))
    elif seed is not None and seed != state.seed():
        raise ConfigurationError("the lab is there already, of another seed", f"bartizan range reset {scenario.id}")
    out = console()
    hosts = " ".join(f"--host {host}" for host in HOSTS)
    out.print(f"the workspace is {folder}, the campaign's findings are in its {FINDINGS}", markup=False)
    out.print(f"answers of the help desk link to {' and '.join(HOSTS)}; make controls:", markup=False)
    out.print(f"  bartizan harden propose {folder / FINDINGS} --workspace {folder} {hosts}", markup=False)


def grade_loop(
    workspace: Path, state: RangeState, scenario: LoopScenario, secret: str, *, hardened: bool
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError, DocumentError."""
    if not secret and not hardened:
        raise ConfigurationError(
            "nothing to grade", "give --secret CODE for your attack, --hardened for your defence, or both"
        )
    attack = scenario.grade_attack(state.seed(), secret) if secret else None
    if not hardened:
        return attack, None
    from bartizan.app.hardening import exercise_stacks

    folder = workspace / ".bartizan" / "range" / scenario.id / LAB
    before, after = exercise_stacks(folder)
    return attack, scenario.grade_defence(state.seed(), before, after)
