"""Sentences of answers: those that carry orders on, tell hidden instructions or drop the rules, and all others."""

from __future__ import annotations

import random
from collections.abc import Iterator

from training.generate import orders, wrappers
from training.generate.slots import corpus, fill
from training.rows import Row

SHARES = {"leaks": 0.12, "compliance": 0.1, "carried": 0.14, "wrapped": 0.12, "harmless": 0.3, "others": 0.22}
"""Of the rows. ``others`` are statements and what people ask of one another, as answers quote and suggest them."""
TWICE = 0.25
"""Share of harmless ones of two sentences, which is what short sentences are joined to."""


HELD_OUT = 5
"""Every fifth seed of a family is kept for tests."""


def seeds(family: str, *, held_out: bool) -> list[str]:
    """The seeds of a family, either those for training or those held out."""
    return [seed for number, seed in enumerate(corpus("answers")[family]) if (number % HELD_OUT == 0) is held_out]


def rows(rng: random.Random, count: int, *, held_out: bool = False) -> Iterator[Row]:
    """A little less than half of them carry something."""
    known = {family: seeds(family, held_out=held_out) for family in corpus("answers")}
    slots = {
        **corpus("slots"),
        **corpus("user_slots"),
        "rule": known["rules"],
        "fact": corpus("harmless_lines")["facts"],
    }
    for _ in range(count):
        kind = rng.choices(tuple(SHARES), tuple(SHARES.values()))[0]
        if kind == "others":
            text = seed = orders.between_people(rng) if rng.random() < 0.5 else orders.harmless(rng)[0]
        elif kind == "wrapped":
            seed = orders.order(rng)[0]
            text = wrappers.wrapped(rng, seed)
        else:
            seed = rng.choice(known[kind])
            text = fill(rng, seed.replace("{order}", _order(rng, seed)), slots)
        attack = int(kind not in {"harmless", "others"})
        if not attack and rng.random() < TWICE:
            text = f"{text} {fill(rng, rng.choice(known['harmless']), slots)}"
        yield Row(text=text, surface="content", attack=attack, kind=kind, source=f"gen/answers/{kind}", group=seed[:40])


def _order(rng: random.Random, seed: str) -> str:
    """An order, with a small letter where it goes on with a sentence."""
    text = orders.order(rng)[0]
    begins = seed.split("{order}")[0].rstrip()
    return text[:1].lower() + text[1:] if begins.endswith((",", ";", "first")) else text
