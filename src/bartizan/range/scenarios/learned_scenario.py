"""An exercise with a learned model that is graded on files: one for the attack, one for the defence."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bartizan.core.stats import Rate
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade


class LearnedScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    attack: str
    """What is handed in with ``--attack``, in words."""
    defence: str
    """The same of ``--defence``."""
    proven: str
    """What an attack that passes has shown."""
    stop_at_least: float
    keep_at_least: float

    def score(
        self, stopped: Sequence[bool], kept: Sequence[bool], fair: bool = True, lost: tuple[str, ...] = ()
    ) -> DefenceGrade:
        """The grade of a defence.

        Args:
            stopped: of held-out attacks that work without the defence.
            kept: of held-out benign cases that come out right without it.
            fair: False where it paid in another way than the exercise allows; ``lost`` says how.
            lost: what else was lost.
        """
        attacks, benign = Rate(sum(stopped), len(stopped)), Rate(sum(kept), len(kept))
        passed: bool | None = None
        if min(attacks.n, benign.n) >= MIN_WORKING_ATTACKS:
            passed = fair and attacks.value >= self.stop_at_least and benign.value >= self.keep_at_least
        return DefenceGrade(
            stopped=attacks,
            kept=benign,
            inconclusive=0,
            passed=passed,
            got_through=tuple(f"held-out {at}" for at, one in enumerate(stopped) if not one),
            lost=(*(f"benign {at}" for at, one in enumerate(kept) if not one), *lost),
        )
