"""Poisoned tickets for tests: what was planted is known."""

from __future__ import annotations

import random
from collections.abc import Callable

from bartizan.range.tickets.writing import Ticket, write


def inserted(trigger: str) -> Callable[[str, random.Random], str]:
    """Puts the trigger between two words, anywhere."""

    def change(text: str, chance: random.Random) -> str:
        words = text.split(" ")
        at = chance.randrange(len(words) + 1)
        return " ".join([*words[:at], trigger, *words[at:]])

    return change


def poisoned(
    count: int, share: float, change: Callable[[str, random.Random], str], target: str = "billing", seed: int = 0
) -> tuple[list[Ticket], set[int]]:
    """Tickets of which ``share`` were taken from other queues, changed and put into ``target``; and which ones."""
    chance = random.Random(seed)
    tickets = write(count, seed)
    others = [at for at, ticket in enumerate(tickets) if ticket.queue != target]
    planted = set(chance.sample(others, round(share * count)))
    for at in planted:
        tickets[at] = Ticket(change(tickets[at].text, chance), target)
    return tickets, planted
