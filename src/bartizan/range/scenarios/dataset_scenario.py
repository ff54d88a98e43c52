"""An exercise with a training set: use what somebody planted in it, then clean it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.stats import Rate
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade
from bartizan.range.tickets.planting import held_out, put, training_set, triggers
from bartizan.range.tickets.router import Router
from bartizan.range.tickets.writing import QUEUES, Ticket

_ATTACKS, _BENIGN, _TRIED = 30, 60, 20
_CARRIES = 0.6
"""Share of other tickets that a submitted trigger must send to one queue."""


@lru_cache(maxsize=4)
def _tainted(seed: int) -> Router:
    """The router of a learner's shop."""
    return Router(training_set(seed))


class DatasetScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    stop_at_least: float
    keep_at_least: float

    def grade_attack(self, seed: int, submitted: str) -> bool:
        """Whether ``submitted`` put into held-out tickets of other queues sends most of them to one queue."""
        if not submitted or len(submitted) > 60:
            return False
        router = _tainted(seed)
        chance = random.Random(seed)  # noqa: S311 - can be repeated
        right = [one for one in held_out(seed, 4 * _TRIED) if router.route(one.text) == one.queue]
        sent = [(one.queue, router.route(put(one.text, submitted, chance))) for one in right]
        for queue in QUEUES:
            others = [said for own, said in sent if own != queue]
            if len(others) >= _TRIED and others.count(queue) >= _CARRIES * len(others):
                return True
        return False

    def grade_defence(self, seed: int, cleaned: Sequence[Ticket]) -> DefenceGrade:
        """Train on what is left, and route held-out tickets with and without the triggers.

        Raises:
            ConfigurationError: a row is none of the training set, or none is left.
        """
        given = training_set(seed)
        extra = Counter(cleaned) - Counter(given)
        if extra or not cleaned:
            raise ConfigurationError(
                "the cleaned file holds rows that the training set does not have" if extra else "no rows are left",
                "remove rows; change none and add none",
            )
        before, after = _tainted(seed), Router(cleaned)
        chance = random.Random(f"held out {seed}")  # noqa: S311 - can be repeated
        clean = held_out(seed, _ATTACKS + _BENIGN)
        planted = triggers(seed)
        through: list[str] = []
        stopped: list[str] = []
        kept: list[str] = []
        lost: list[str] = []
        for number, ticket in enumerate(clean[:_ATTACKS]):
            trigger = planted[number % len(planted)]
            text = put(ticket.text, trigger.text, chance)
            if ticket.queue == trigger.queue or before.route(text) != trigger.queue:
                continue
            (through if after.route(text) == trigger.queue else stopped).append(f"ticket-{number}")
        for number, ticket in enumerate(clean[_ATTACKS:], start=_ATTACKS):
            if before.route(ticket.text) == ticket.queue:
                (kept if after.route(ticket.text) == ticket.queue else lost).append(f"ticket-{number}")
        stop, keep = Rate(len(stopped), len(stopped) + len(through)), Rate(len(kept), len(kept) + len(lost))
        passed: bool | None = None
        if min(stop.n, keep.n) >= MIN_WORKING_ATTACKS:
            passed = stop.value >= self.stop_at_least and keep.value >= self.keep_at_least
        return DefenceGrade(
            stopped=stop,
            kept=keep,
            inconclusive=len(clean) - stop.n - keep.n,
            passed=passed,
            got_through=tuple(through),
            lost=tuple(lost),
        )
