"""Orders to an assistant put together from parts, and lines that order nothing, for the same places."""

from __future__ import annotations

import random
import re
from functools import cache

from training.generate.documents import matter, matters
from training.generate.seeds import filled
from training.generate.slots import corpus, fill, merged

FAMILIES = ("answer_style", "answer_content", "answer_content", "tasks", "actions", "actions", "actions", "overrides")
COMPOSED = 0.5
"""Share of orders that are put together and not a written seed."""
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
STATEMENT = re.compile(
    r"(The|A|An|We|I|He|She|It|They|Our|My|His|Her|Their|This|That|There|These|Some|In|At|On|Nobody) "
)


def order(rng: random.Random) -> tuple[str, str]:
    """An order that belongs to no material, and its group: family and seed."""
    family = rng.choice(FAMILIES)
    if rng.random() < COMPOSED:
        known = corpus("orders")
        seed = rng.choice(known[family])
        text = fill(rng, seed, known["slots"])
    else:
        seed = rng.choice(merged("injected_tasks")[family])
        text = fill(rng, seed)
    return _said(rng, text), f"{family}/{seed[:30]}"


def harmless(rng: random.Random) -> tuple[str, str]:
    """A line that asks nothing of an assistant, and its group: a fact, a step for hands, or thanks."""
    kind = rng.random()
    lines = corpus("harmless_lines")
    if kind < 0.25:
        seed = rng.choice(_sentences())
        text = seed
    elif kind < 0.45:
        seed = rng.choice(matter(*rng.choice(matters()))[1])
        text = filled(rng, seed)
    elif kind < 0.7:
        seed = rng.choice(lines["facts"] + corpus("material")["sentences"])
        text = fill(rng, seed)
    elif kind < 0.85:
        seed = rng.choice(lines["steps"])
        text = seed
    else:
        seed = rng.choice(merged("injection_frames")["harmless_orders"])
        text = seed
    return text, f"harmless/{seed[:30]}"


def between_people(rng: random.Random) -> str:
    """What one person asks of another, a rule for people, or a step of some work."""
    lines = corpus("harmless_lines")
    if rng.random() < 0.6:
        return fill(rng, rng.choice(lines["people"] + lines["steps"]))
    return filled(rng, rng.choice(matter(*rng.choice(matters()))[2]))


@cache
def _sentences() -> tuple[str, ...]:
    """Statements, by their first word, of the material that was written as a whole."""
    texts = merged("content_benign")
    found = [
        sentence
        for family in ("mail", "tool_result", "prose")
        for text in texts[family]
        for block in text.split("\n")
        for sentence in SENTENCE.split(block)
    ]
    return tuple(one for one in found if 25 < len(one) < 160 and STATEMENT.match(one) and one.endswith("."))


def _said(rng: random.Random, text: str) -> str:
    """Sometimes polite, careless or with a reason."""
    chance = rng.random()
    lower = text[:1].lower() + text[1:]
    if chance < 0.1:
        return f"Please {lower}"
    if chance < 0.14:
        return f"{lower.rstrip('.')} please"
    if chance < 0.18:
        return f"You must {lower}"
    if chance < 0.22:
        return f"Your job now: {lower}"
    if chance < 0.25:
        return f"I need you to {lower}"
    return text
