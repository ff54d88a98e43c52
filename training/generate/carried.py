"""Real documents and results of tools, each once as it is and once with an order in it, so that the carrier says nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from training.generate.consoles import output
from training.generate.contrast import planted
from training.generate.descriptions import stretch
from training.generate.orders import between_people, harmless, order
from training.generate.wrappers import wrapped
from training.rows import Row

CONSOLES = 0.3
"""Share of carriers that are results of tools."""
SHORTEST, LONGEST = 200, 6_000
REQUESTED = 0.3
"""Share of orders that are attacks as somebody types them: short, and mostly without a word to an assistant."""
DRESSED = 0.35
EXTRA = 0.3
"""Share of harmless rows into which a line is put that orders nothing."""


def rows(
    rng: random.Random, count: int, documents: Sequence[str], requests: Sequence[str], source: str = "gen/carried"
) -> Iterator[Row]:
    """``count`` rows, every second one an attack in the carrier of the row before.

    Args:
        rng: of everything.
        count: rows.
        documents: real ones.
        requests: attacks that somebody typed.
        source: what rows are called by.
    """
    for number in range(count // 2):
        carrier = _carrier(rng, documents)
        yield _row(_harmless(rng, carrier), 0, source, number)
        text, span = planted(rng, carrier, _order(rng, requests))
        yield _row(text, 1, source, number, (span,))


def _carrier(rng: random.Random, documents: Sequence[str]) -> str:
    size = int(SHORTEST * (LONGEST / SHORTEST) ** rng.random())
    return output(rng, size // 3) if rng.random() < CONSOLES else stretch(rng, rng.choice(documents), size)


def _harmless(rng: random.Random, carrier: str) -> str:
    if rng.random() >= EXTRA:
        return carrier
    line = between_people(rng) if rng.random() < 0.3 else harmless(rng)[0]
    return planted(rng, carrier, wrapped(rng, line) if rng.random() < 0.5 else line)[0]


def _order(rng: random.Random, requests: Sequence[str]) -> str:
    line = rng.choice(requests) if requests and rng.random() < REQUESTED else order(rng)[0]
    return wrapped(rng, line) if rng.random() < DRESSED else line


def _row(text: str, attack: int, source: str, number: int, spans: tuple[tuple[int, int], ...] = ()) -> Row:
    return Row(
        text=text,
        surface="content",
        attack=attack,
        kind="indirect" if attack else "benign_doc",
        source=source,
        group=f"carried/{number}",
        spans=spans,
    )
