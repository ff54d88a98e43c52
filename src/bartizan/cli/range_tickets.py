"""``bartizan range`` for exercises with a training set."""

from __future__ import annotations

from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.range.scenarios.dataset_scenario import DatasetScenario
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.state import RangeState
from bartizan.range.tickets.planting import as_csv, from_csv, training_set

_LARGEST = 10 << 20


def start_tickets(workspace: Path, state: RangeState, scenario: DatasetScenario, seed: int | None) -> None:
    """Write the learner's training set, and say how to look at it."""
    path = workspace / ".bartizan" / "range" / scenario.id / "tickets.csv"
    tickets = training_set(state.seed(seed))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_csv(tickets), encoding="utf-8")
    out = console()
    out.print(f"the training set  {path}", markup=False)
    out.print("Look at it with:")
    out.print(f"  bartizan dataset scan {path} --flagged flagged.jsonl", markup=False)
    out.print("Hand in a table with the same header and fewer rows.")


def grade_tickets(
    state: RangeState, scenario: DatasetScenario, secret: str, cleaned: Path | None
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError."""
    if not secret and cleaned is None:
        raise ConfigurationError("nothing to grade", "give --secret for a trigger, --cleaned for your table, or both")
    seed = state.seed()
    attack = scenario.grade_attack(seed, secret) if secret else None
    if cleaned is None:
        return attack, None
    shown = printable(str(cleaned), 300)
    try:
        if cleaned.stat().st_size > _LARGEST:
            raise ConfigurationError(f"{shown} is larger than the training set")
        tickets = from_csv(cleaned.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{shown} cannot be read: {printable(str(error), 200)}") from None
    return attack, scenario.grade_defence(seed, tickets)
