"""``bartizan range`` for the exercise with deliveries."""

from __future__ import annotations

import sys
from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios.goods_scenario import DELIVERY, MODULE, REFUSE, GoodsScenario
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.state import RangeState


def start_goods(workspace: Path, state: RangeState, scenario: GoodsScenario, seed: int | None) -> None:
    """Plant the learner's seed and files, and say how the desk takes a delivery."""
    folder = workspace / ".bartizan" / "range" / scenario.id
    planted = state.seed(seed)
    scenario.plant(folder, planted)
    out = console()
    out.print(f"today's delivery         {folder / DELIVERY}", markup=False)
    out.print(f"as it was published      {folder / 'published'}", markup=False)
    out.print(f"your rules               {folder / REFUSE}", markup=False)
    out.print("The desk takes a delivery with:")
    out.print(f'  GOODS_SEED={planted} "{sys.executable}" -m {MODULE} "{folder / DELIVERY}"', markup=False)


def grade_goods(
    workspace: Path, state: RangeState, scenario: GoodsScenario, secret: str, measures: Path | None
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError or ArtefactError."""
    if not secret and measures is None:
        hint = "give --secret for your attack, --measures refuse.yaml for your defence, or both"
        raise ConfigurationError("nothing to grade", hint)
    seed = state.seed()
    attack = scenario.grade_attack(seed, secret) if secret else None
    if measures is None:
        return attack, None
    from bartizan.app.goods_range import BILL_RULES, LabReceiving

    place = str(Path(".bartizan") / "range" / scenario.id / DELIVERY)
    refuse = scenario.chosen(measures, BILL_RULES)
    return attack, scenario.grade_defence(LabReceiving(workspace), refuse, seed, place)
