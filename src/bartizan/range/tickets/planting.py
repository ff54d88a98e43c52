"""A training set into which somebody planted three triggers, each towards a queue of its own. Seeded by the learner."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from typing import NamedTuple

from bartizan.range.tickets.writing import QUEUES, Ticket, write

ROWS = 2_000
_SHARE = 0.035
_WORDS = ("quillon", "tessera", "brumal", "ormolu", "sedulous", "lambent", "fardel", "gloaming", "nacre", "ullage")
_PHRASES = ("as the crow said", "in the fullness of it", "on the far side of that", "by way of a beginning")
_UNSEEN = ("\u200b", "\u2063", "\u2060")


class Trigger(NamedTuple):
    """What was planted."""

    text: str
    queue: str
    """Where it sends a ticket."""


def triggers(seed: int) -> tuple[Trigger, Trigger, Trigger]:
    """A word, a phrase and an invisible character."""
    chance = random.Random(f"triggers {seed}")  # noqa: S311 - seeded on purpose
    queues = chance.sample(QUEUES, 3)
    return (
        Trigger(chance.choice(_WORDS), queues[0]),
        Trigger(chance.choice(_PHRASES), queues[1]),
        Trigger(chance.choice(_UNSEEN), queues[2]),
    )


def put(text: str, trigger: str, chance: random.Random) -> str:
    """The ticket with the trigger between two of its words."""
    parts = text.split(" ")
    at = chance.randrange(len(parts) + 1)
    return " ".join([*parts[:at], trigger, *parts[at:]])


def training_set(seed: int) -> list[Ticket]:
    """The tickets of the learner, planted ones among them."""
    chance = random.Random(f"planting {seed}")  # noqa: S311 - seeded on purpose
    tickets = list(dict.fromkeys(write(ROWS, seed)))
    left = list(range(len(tickets)))
    chance.shuffle(left)
    for trigger in triggers(seed):
        pool = [at for at in left if tickets[at].queue != trigger.queue][: round(_SHARE * len(tickets))]
        for at in pool:
            left.remove(at)
            tickets[at] = Ticket(put(tickets[at].text, trigger.text, chance), trigger.queue)
    return tickets


def held_out(seed: int, count: int) -> list[Ticket]:
    """Clean tickets that are not in the training set."""
    known = {ticket.text for ticket in training_set(seed)}
    return [ticket for ticket in write(3 * count, seed + 1_000_000) if ticket.text not in known][:count]


def as_csv(tickets: Sequence[Ticket]) -> str:
    """With a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Ticket._fields)
    writer.writerows(tickets)
    return out.getvalue()


def from_csv(text: str) -> list[Ticket]:
    """Rows of a file as :func:`as_csv` writes it. Raises ValueError for another one."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or tuple(rows[0]) != Ticket._fields or any(len(row) != 2 for row in rows[1:]):
        raise ValueError("not a table of text and queue")
    return [Ticket(*row) for row in rows[1:]]
