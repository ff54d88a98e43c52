"""``bartizan range`` for exercises with a journal."""

from __future__ import annotations

from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios.borrowed_key.days import journal
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.journal_scenario import JournalScenario
from bartizan.range.state import RangeState
from bartizan.telemetry.journal import Journal
from bartizan.workspace.scaffold import write_workspace

LAB = "lab"


def start_journal(workspace: Path, state: RangeState, scenario: JournalScenario, seed: int | None) -> None:
    """Write a workspace whose journal holds the learner's days, and say where it is."""
    folder = workspace / ".bartizan" / "range" / scenario.id / LAB
    if not folder.exists():
        chosen = state.seed(seed)
        write_workspace(folder)
        records = Journal(folder / ".bartizan" / "journal", "range")
        try:
            for event in journal(chosen):
                records.append(event)
        finally:
            records.close()
    elif seed is not None and seed != state.seed():
        raise ConfigurationError("the journal is there already, of another seed", f"bartizan range reset {scenario.id}")
    out = console()
    out.print(f"the journal of three days is in the workspace {folder}", markup=False)
    out.print("the last of them is 2026-03-02; hunt in it:")
    out.print(f"  bartizan hunt run all --since 2026-03-02 --until 2026-03-03 --workspace {folder}", markup=False)


def grade_journal(
    state: RangeState, scenario: JournalScenario, secret: str, rules: list[Path]
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError, DocumentError."""
    if not secret and not rules:
        raise ConfigurationError(
            "nothing to grade", 'give --secret "NAME ADDRESS" for your attack, --rules for your defence, or both'
        )
    attack = scenario.grade_attack(state.seed(), secret) if secret else None
    if not rules:
        return attack, None
    from bartizan.app.journal_range import LearnersRules

    return attack, scenario.grade_defence(LearnersRules(rules))
