"""PAIR: an attacker model improves an attack from reply to reply (Chao et al. 2023, arXiv:2310.08419)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.strategies.casting import cast_all, hostile_text
from bartizan.redteam.strategies.refining import Tried, improved, needed, score, shown
from bartizan.redteam.strategies.registry import strategy
from bartizan.redteam.taxonomy import Adaptivity

STREAMS = 3
"""Independent lines of improvement, taken in turn."""


@strategy
class Pair:
    """Several lines of improvement by an attacker model, each move in a conversation of its own."""

    id = "pair"
    adaptivity = Adaptivity.ADAPTIVE
    needs_attacker = True

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        """The first move is the case's own text. Raises TargetError without an attacker model that answers."""
        attacker = needed(brief.attacker, self.id)
        own = hostile_text(brief.case)
        streams = [Tried(text=own) for _ in range(STREAMS)]
        for number in range(brief.budget):
            stream = streams[number % STREAMS]
            if number:
                stream.text = await improved(attacker, brief, stream)
                stream.history = (*stream.history, stream.text[:120])
            text = stream.text
            observation = yield cast_all(brief, partial(_instead, brief, text))
            stream.reply, stream.score = shown(observation.reply), score(observation, brief.goal)
            if number == 0:
                for other in streams[1:]:
                    other.reply, other.score = stream.reply, stream.score


def _instead(brief: Brief, text: str, _: str) -> str:
    return brief.convert(text)
