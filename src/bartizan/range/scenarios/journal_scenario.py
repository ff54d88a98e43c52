"""An exercise with a journal: find what somebody did in it, then write a rule that finds the same in other journals."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from bartizan.core.event import Event
from bartizan.core.rule_front import RuleFront
from bartizan.core.stats import Rate
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade

HELD_OUT = 10
"""Days with an attack, and as many without, on which a rule is graded."""
_FIRST_HELD_OUT = 1_000_000
"""Seeds of learners are smaller."""
_OWN_SHARE = 0.5
"""Of the records behind an alarm that must belong to the attack."""


class Day(NamedTuple):
    """Records of one day, in order of time."""

    records: list[Event]
    attack: frozenset[str]
    """Ids of those that belong to the attack; empty on an ordinary day."""
    secret: str
    """What the attack grade asks for; empty on an ordinary day."""


class JournalScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    attacked: Callable[[int], Day]
    """The day of a seed, with an attack."""
    ordinary: Callable[[int], Day]
    """The day of a seed, without."""
    stop_at_least: float
    """Share of the attacks that must be found."""
    keep_at_least: float
    """Share of the ordinary days that must stay silent."""

    def grade_attack(self, seed: int, submitted: str) -> bool:
        """Whether ``submitted`` names what the attack of this learner's journal used."""
        return _words(submitted) == _words(self.attacked(seed).secret)

    def grade_defence(self, rules: RuleFront, *, days: int = HELD_OUT) -> DefenceGrade:
        """Run rules on held-out days. Rules that match everything are silent on none."""
        missed: list[str] = []
        loud: list[str] = []
        for number in range(days):
            seed = _FIRST_HELD_OUT + number
            day = self.attacked(seed)
            if not any(_hits(alarm, day.attack) for alarm in rules.alarms(day.records)):
                missed.append(f"attack {number + 1}")
            if rules.alarms(self.ordinary(seed).records):
                loud.append(f"ordinary day {number + 1}")
        found, silent = Rate(days - len(missed), days), Rate(days - len(loud), days)
        passed: bool | None = None
        if days >= MIN_WORKING_ATTACKS:
            passed = found.value >= self.stop_at_least and silent.value >= self.keep_at_least
        return DefenceGrade(
            stopped=found, kept=silent, inconclusive=0, passed=passed, got_through=tuple(missed), lost=tuple(loud)
        )


def _hits(alarm: tuple[str, ...], attack: frozenset[str]) -> bool:
    return bool(alarm) and sum(record in attack for record in alarm) >= _OWN_SHARE * len(alarm)


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"[\s,@/]+", text.strip().lower()))
