"""``bartizan range`` for exercises whose defence is the workspace's admission."""

from __future__ import annotations

from collections.abc import Callable

from bartizan.core.errors import ConfigurationError
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.state import RangeState


def grade_by_gate(
    state: RangeState,
    secret: str,
    gate: bool,
    attack: Callable[[int, str], bool],
    defence: Callable[[int], DefenceGrade],
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades for the learner's seed; None for what was not handed in. Raises ConfigurationError."""
    if not secret and not gate:
        raise ConfigurationError("nothing to grade", "give --secret for your attack, --gate for your defence, or both")
    seed = state.seed()
    return attack(seed, secret) if secret else None, defence(seed) if gate else None
