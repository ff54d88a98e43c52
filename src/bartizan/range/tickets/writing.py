"""Writes tickets: seeded, in four queues, some of them about two things, a few in the wrong queue."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from bartizan.range.yaml_data import read_yaml

QUEUES = ("account", "billing", "delivery", "workshop")
_SLOT = re.compile(r"\{(\w+)\}")
_ASIDE, _WRONG = 0.12, 0.01
"""Shares of tickets that mention another queue's matter, and of those that lie in another's queue."""


class Ticket(NamedTuple):
    """One row of a training set."""

    text: str
    queue: str


def write(count: int, seed: int) -> list[Ticket]:
    """``count`` tickets; the same for the same seed."""
    chance = random.Random(f"tickets {seed}")  # noqa: S311 - seeded on purpose
    return [_ticket(chance) for _ in range(count)]


def _ticket(chance: random.Random) -> Ticket:
    phrases = _phrases()
    queue = chance.choice(QUEUES)
    own, anyone = phrases["queues"][queue], phrases["anyone"]
    parts = [chance.choice(anyone["openings"]), chance.choice(own["openings"])]
    parts += chance.sample(own["details"], chance.randint(1, 3))
    parts += chance.sample(anyone["between"], chance.randint(0, 3))
    if chance.random() < _ASIDE:
        parts.append(chance.choice(phrases["queues"][chance.choice(QUEUES)]["details"]))
    head, *middle = parts
    chance.shuffle(middle)
    text = " ".join(filter(None, [head, *middle, chance.choice(anyone["closings"])]))
    text = _SLOT.sub(lambda found: _word(found[1], phrases["words"], chance), text)
    return Ticket(text, chance.choice(QUEUES) if chance.random() < _WRONG else queue)


def _word(name: str, words: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    if name == "amount":
        return str(chance.randint(3, 480))
    if name == "number":
        return str(chance.randint(10_000, 99_999))
    return chance.choice(words[name])


@cache
def _phrases() -> Any:
    return read_yaml(files(__package__) / "phrases.yaml")
