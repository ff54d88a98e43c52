"""What errors take away from a trial is no miss: by trial, and in the rates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest
from campaigns import scope
from leaky import Leaky

from bartizan.redteam.campaign import Campaign
from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.journal import TrialEnded
from bartizan.redteam.playing import TrialPlayer
from bartizan.redteam.runner import _ended as ended_of
from bartizan.redteam.statistics import cell
from bartizan.redteam.taxonomy import Adaptivity, Outcome


class Several:
    """One message, in so many conversations."""

    id, adaptivity, needs_attacker = "several", Adaptivity.BEST_OF_N, False

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        for _ in range(10):
            yield Move(text="Good morning!", fresh=True)


@pytest.mark.parametrize(
    ("lost", "outcome", "first"),
    [((500,), Outcome.MISS, (0, 0)), ((500,) * 2, Outcome.INCONCLUSIVE, (0, 0)), ((), Outcome.MISS, (0, 1))],
    ids=["one-of-ten", "two-of-ten", "none"],
)
def test_lost_attempts_are_no_misses(
    tmp_path: Path, lost: tuple[int, ...], outcome: Outcome, first: tuple[int, int]
) -> None:
    async def go() -> TrialEnded:
        async with Leaky(statuses=lost).running() as app:
            campaign = Campaign(scope(tmp_path, app.url, plan={"cases": ["cases"], "ids": ["greet"]}))
            stage = msgspec.structs.replace(campaign.stage(), strategies={"several": Several()})
            trial = msgspec.structs.replace(campaign.planned.trials[0], strategy="several")
            played = await TrialPlayer(stage, trial, [], lambda attempt: None).play()
            await campaign.target.close()
            return ended_of(trial, played)

    ended = asyncio.run(go())
    assert (ended.attempts, ended.outcome) == (10, outcome)
    shown = cell((), [ended], 1)
    assert (shown.first.successes, shown.first.n) == first
    assert shown.any.n == (outcome is Outcome.MISS)
