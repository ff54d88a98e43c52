"""Best of N: the same attack again and again, augmented at random (Hughes et al. 2024, arXiv:2412.03556)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from random import Random

from bartizan.redteam.converters import parse_chain
from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.strategies.casting import cast_all
from bartizan.redteam.strategies.registry import strategy
from bartizan.redteam.taxonomy import Adaptivity

AUGMENTATIONS = (
    "noise",
    "random-capitals",
    "scrambled-words",
    "typos",
    "stretched",
    "some-homoglyphs",
    "word-joiners",
    "emoji-between",
    "mixed-languages",
    "combining-marks",
)
"""Changes that a reader reads over; each draws anew for every move."""


@strategy
class BestOfN:
    """Up to the budget of independent augmented copies, each in a conversation of its own."""

    id = "best-of-n"
    adaptivity = Adaptivity.BEST_OF_N
    needs_attacker = False

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        """The first move is the case as it is; then one or two drawn augmentations each."""
        rng = Random(f"{brief.seed}/best-of-n")
        yield cast_all(brief, brief.convert)
        for _ in range(brief.budget - 1):
            names = tuple(rng.sample(AUGMENTATIONS, k=rng.choice((1, 1, 2))))
            change = partial(_augmented, brief, "+".join(names), rng.getrandbits(48))
            yield cast_all(brief, change, converters=names)


def _augmented(brief: Brief, chain: str, seed: int, text: str) -> str:
    return brief.convert(parse_chain(chain).convert(text, seed))
