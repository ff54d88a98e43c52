"""Single shot: the case as it is written."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.strategies.casting import cast_all
from bartizan.redteam.strategies.registry import strategy
from bartizan.redteam.taxonomy import Adaptivity


@strategy
class SingleShot:
    """Sends a case once: a direct case's messages in order, or its request with what is planted."""

    id = "single"
    adaptivity = Adaptivity.STATIC
    needs_attacker = False

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        """As many moves as the case has turns, all in one conversation."""
        turns = brief.case.turns
        if brief.case.planted:
            for text in turns[:-1]:
                yield Move(text=text)
            yield cast_all(brief, brief.convert, fresh=False)
            return
        for text in turns:
            yield Move(text=brief.convert(text))
