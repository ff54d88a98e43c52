"""A document under construction: sentences of one matter, with marked places where something can be put in."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from functools import cache

from training.generate.seeds import filled, keys, seeds

FLOW, BLOCK, STRING, LINE = "\ue000", "\ue001", "\ue002", "\ue003"
"""Places: between two sentences, between two blocks, in a JSON string, in a cell, comment or other single line."""
PLACES = re.compile("[\ue000-\ue003]")
MATTERS = ("matters",)
NEAREST = 4


@cache
def matters() -> tuple[tuple[str, str], ...]:
    """Every matter as (corpus, key)."""
    return tuple((name, key) for name in MATTERS for key in keys(name))


@cache
def matter(name: str, key: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Titles, statements and requests of a matter: lines that begin with ``=``, with nothing and with ``!``."""
    lines = seeds(name, key)
    titles = tuple(line[1:].strip() for line in lines if line.startswith("="))
    requests = tuple(line[1:].strip() for line in lines if line.startswith("!"))
    return titles, tuple(line for line in lines if line[0] not in "=!"), requests


class Draft:
    """Blocks of text up to a wanted size, all about one matter (and its neighbours, once it is exhausted)."""

    def __init__(self, rng: random.Random, size: int) -> None:
        self.rng = rng
        self.size = size
        self.matter = rng.choice(matters())
        self.separator = "\n\n"
        self._blocks: list[str] = []
        self._length = 0
        self._deck: list[str] = []
        self._left: list[tuple[str, str]] = []

    @property
    def full(self) -> bool:
        return self._length >= self.size

    def add(self, block: str, place: str = BLOCK) -> None:
        self._blocks.append(block + place)
        self._length += len(block) + len(self.separator)

    def text(self) -> str:
        """The document with its marked places."""
        return BLOCK + self.separator.join(self._blocks)

    def fill(self, seed: str) -> str:
        return filled(self.rng, seed)

    def choose(self, *seeds: str) -> str:
        return filled(self.rng, self.rng.choice(seeds))

    def title(self) -> str:
        return filled(self.rng, self.rng.choice(matter(*self.matter)[0]))

    def request(self) -> str:
        """What one person asks of another in this matter."""
        return filled(self.rng, self.rng.choice(matter(*self.matter)[2]))

    def sentence(self) -> str:
        """A statement or a request, none twice in a document while they last."""
        if not self._deck:
            if not self._left:
                self._left = list(matters())
                self.rng.shuffle(self._left)
            chosen = self.matter if not self._blocks else self._left.pop()
            _, statements, requests = matter(*chosen)
            self._deck = [*statements, *self.rng.sample(requests, self.rng.randint(0, len(requests)))]
            self.rng.shuffle(self._deck)
        return filled(self.rng, self._deck.pop())

    def paragraph(self, fewest: int = 1, most: int = 5, place: str = FLOW) -> str:
        room = max(1, (self.size - self._length) // 70)
        return (place + " ").join(self.sentence() for _ in range(min(room, self.rng.randint(fewest, most)))) + place


def excerpt(rng: random.Random, text: str, size: int, share: float = 0.15) -> str:
    """Sometimes, and whenever the document is far too long, only a stretch of it, cut at places."""
    if len(text) <= size * 1.5 + 60 and rng.random() > share:
        return text
    places = [match.start() for match in PLACES.finditer(text)] + [len(text)]
    start = rng.choice([0, *(place for place in places if place + size < len(text))])
    end = next((place for place in places if place >= start + size), len(text))
    return text[start : end + 1].strip()


def planted(
    rng: random.Random, text: str, separator: str, extras: Sequence[str]
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The document without marks and with each of ``extras`` at a place of its own, and where they stand."""
    places = [match.start() for match in PLACES.finditer(text)] or [len(text)]
    chosen: dict[int, str] = {}
    for extra in extras:
        wanted = rng.random() * len(text)
        free = [place for place in places if place not in chosen] or [len(text)]
        near = sorted(free, key=lambda place: abs(place - wanted))[:NEAREST]
        chosen[rng.choice(near)] = extra
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    length = last = 0
    for place, extra in sorted(chosen.items()):
        before = PLACES.sub("", text[last:place])
        lead, extra, trail = _fitted(text[place : place + 1], extra, separator, first=not (length or before))
        pieces += (before, lead, extra, trail)
        start = length + len(before) + len(lead)
        spans.append((start, start + len(extra)))
        length = start + len(extra) + len(trail)
        last = place
    pieces.append(PLACES.sub("", text[last:]))
    return "".join(pieces), tuple(spans)


def _fitted(place: str, extra: str, separator: str, *, first: bool) -> tuple[str, str, str]:
    if place == STRING:
        return " ", json.dumps(extra, ensure_ascii=False)[1:-1], ""
    if place == LINE:
        return " ", " ".join(extra.split()), ""
    lead = "\n" if "\n" in extra and place == FLOW else (" " if place == FLOW else separator)
    return ("", extra, lead) if first else (lead, extra, "")
