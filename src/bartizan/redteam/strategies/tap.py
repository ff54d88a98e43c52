"""TAP: a tree of attacks, pruned before and after they are sent (Mehrotra et al. 2023, arXiv:2312.02119)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.strategies.casting import cast_all, hostile_text
from bartizan.redteam.strategies.refining import Tried, improved, needed, on_topic, score, shown
from bartizan.redteam.strategies.registry import strategy
from bartizan.redteam.taxonomy import Adaptivity

BRANCHES = 3
"""Children of a node."""
WIDTH = 4
"""Nodes that go on to the next level."""


@strategy
class Tap:
    """A tree of texts by an attacker model: children off the goal are not sent, the best bear the next level."""

    id = "tap"
    adaptivity = Adaptivity.ADAPTIVE
    needs_attacker = True

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        """The root is the case's own text. Raises TargetError without an attacker model that answers."""
        attacker = needed(brief.attacker, self.id)
        root = Tried(text=hostile_text(brief.case))
        level, left = [root], brief.budget
        children = [root]
        while left > 0 and children:
            for child in children:
                if left <= 0:
                    return
                left -= 1
                observation = yield cast_all(brief, partial(_instead, brief, child.text))
                child.reply, child.score = shown(observation.reply), score(observation, brief.goal)
            level = sorted(children, key=lambda one: -one.score)[:WIDTH]
            children = []
            for parent in level:
                for _ in range(BRANCHES):
                    text = await improved(attacker, brief, parent)
                    if await on_topic(attacker, brief, text):
                        children.append(Tried(text=text, history=(*parent.history, text[:120])))
            children = children or [Tried(text=level[0].text, history=level[0].history)]


def _instead(brief: Brief, text: str, _: str) -> str:
    return brief.convert(text)
