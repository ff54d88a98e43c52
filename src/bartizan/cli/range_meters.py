"""``bartizan range`` for exercises with a classifier."""

from __future__ import annotations

from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.model_scenario import ModelScenario
from bartizan.range.state import RangeState


def start_meters(workspace: Path, state: RangeState, scenario: ModelScenario, seed: int | None) -> None:
    """Train the learner's model, write it with its photographs, and say how to audit it."""
    from bartizan.app.meters_range import plant

    folder = workspace / ".bartizan" / "range" / scenario.id
    plant(scenario, state.seed(seed), folder)
    out = console()
    out.print(f"the model           {folder / 'model.npz'}", markup=False)
    out.print(f"its photographs     {folder / 'data.npz'}   (x_train, y_train)", markup=False)
    out.print(f"30 to be changed    {folder / 'targets.npy'}", markup=False)
    out.print("Audit it with:")
    out.print(f"  bartizan audit run {folder / 'model.npz'} --data {folder / 'data.npz'}", markup=False)
    out.print("Hand in changed photographs (numpy.save, same order) and a hardened model (models.saved.save).")


def grade_meters(
    state: RangeState, scenario: ModelScenario, changed: Path | None, hardened: Path | None
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError."""
    from bartizan.app.meters_range import adaptive, handed_in, pictures, utility_model

    if changed is None and hardened is None:
        raise ConfigurationError("nothing to grade", "give --changed for your photographs, --model for yours, or both")
    seed = state.seed()
    weak = utility_model(scenario, seed)
    attack = None if changed is None else scenario.grade_attack(seed, pictures(changed), weak)
    defence = None if hardened is None else scenario.grade_defence(seed, weak, handed_in(hardened), adaptive)
    return attack, defence
