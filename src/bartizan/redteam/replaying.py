"""Sends one recorded attempt again, exactly as it was sent, and judges it anew."""

from __future__ import annotations

import msgspec

from bartizan.redteam.attempt import Attempt, Judgement, Turn
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.case import Case
from bartizan.redteam.errors import LeftBehindError
from bartizan.redteam.taxonomy import Outcome


async def replay(campaign: Campaign, attempt: Attempt, case: Case) -> tuple[Judgement, tuple[Turn, ...]]:
    """The outcome now, and what came back. A target that keeps no content of earlier runs gives what it gave then.

    Raises:
        TargetError: the login or planting fails.
    """
    slots = _slots(campaign, attempt, case)
    turns: list[Turn] = []
    left = ""
    conversation = await campaign.target.open(case.entry_point)
    try:
        for earlier in attempt.turns:
            for planted in earlier.planted:
                await conversation.plant(planted)
            reply = await conversation.say(earlier.sent)
            turns.append(Turn(sent=earlier.sent, planted=earlier.planted, reply=reply))
            if reply.unreachable or reply.lost:
                break
    finally:
        try:
            await conversation.close()
        except LeftBehindError as error:
            left = f"; {error.cause}"
        await campaign.target.close()
    judgement = campaign.judge.judge(case, turns, slots)
    if judgement.outcome is Outcome.MISS and not any(turn.reply.readable for turn in turns):
        judgement = Judgement(outcome=Outcome.INCONCLUSIVE, reason="no readable reply")
    return msgspec.structs.replace(judgement, reason=judgement.reason + left), tuple(turns)


def _slots(campaign: Campaign, attempt: Attempt, case: Case) -> dict[str, str]:
    """The words of the attempt's trial: the repeat follows from the trial's id."""
    for trial in campaign.planned.trials:
        if trial.id == attempt.trial:
            return campaign.known.slots(case.objective, trial.seed, trial.repeat)
    return campaign.known.slots(case.objective, attempt.seed, 0)
