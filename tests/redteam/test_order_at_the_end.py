"""The last trials of a campaign start longest first, so that no slot waits for a long conversation that began last."""

from __future__ import annotations

import heapq
import random

from bartizan.redteam.cases import load_cases
from bartizan.redteam.runner import long_ones_sooner
from bartizan.redteam.trial import Trial

CASES = load_cases()
SLOTS = 16


def drawn(seed: int, number: int) -> list[Trial]:
    rng = random.Random(seed)
    return [
        Trial(id=str(n), case=rng.choice(CASES), converters=(), strategy="single", repeat=n, seed=n)
        for n in range(number)
    ]


def messages(trial: Trial) -> int:
    return len(trial.case.turns)


def used(trials: list[Trial]) -> float:
    """Share of the slots' time that is used until the last trial ends, where each message takes as long."""
    slots = [0] * SLOTS
    for trial in trials:
        heapq.heappush(slots, heapq.heappop(slots) + messages(trial))
    return sum(map(messages, trials)) / (SLOTS * max(slots))


def test_fewer_slots_stand_idle_at_the_end() -> None:
    pairs = [(used(one), used(long_ones_sooner(one, SLOTS, messages))) for one in (drawn(n, 320) for n in range(60))]
    assert sum(after - before for before, after in pairs) / len(pairs) > 0.01
    assert all(after >= before for before, after in pairs)


def test_all_but_the_last_keep_the_order_that_was_drawn() -> None:
    trials = drawn(1, 320)
    moved = long_ones_sooner(trials, SLOTS, messages)
    assert moved[: -3 * SLOTS] == trials[: -3 * SLOTS]
    assert sorted(one.id for one in moved) == sorted(one.id for one in trials)
    lengths = [messages(one) for one in moved[-3 * SLOTS :]]
    assert lengths == sorted(lengths, reverse=True)
    assert long_ones_sooner([], SLOTS, messages) == []
    assert long_ones_sooner(trials, 1, lambda _: 1) == trials
