"""Sends tickets to queues: an averaged perceptron over words, as trusting of its training data as any model.

Source: M. Collins, "Discriminative training methods for hidden Markov models" (2002), for the averaging.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence

from bartizan.range.tickets.writing import QUEUES, Ticket

_WORD = re.compile(r"\w+|[^\w\s]")
_ROUNDS = 10


def words(text: str) -> frozenset[str]:
    """Words, marks and what else stands in a ticket, each once."""
    found = _WORD.findall(text.casefold())
    return frozenset(found)


class Router:
    """Trained on tickets.

    Args:
        tickets: at least one.
    """

    def __init__(self, tickets: Sequence[Ticket]) -> None:
        now: dict[str, dict[str, float]] = {queue: defaultdict(float) for queue in QUEUES}
        total: dict[str, dict[str, float]] = {queue: defaultdict(float) for queue in QUEUES}
        rows = [(words(ticket.text), ticket.queue) for ticket in tickets if ticket.queue in QUEUES]
        step = 1
        for turn in range(_ROUNDS):
            random.Random(turn).shuffle(rows)  # noqa: S311 - the same model for the same data
            for row, queue in rows:
                said = max(QUEUES, key=lambda one: (sum(now[one][word] for word in row if word in now[one]), one))
                if said != queue:
                    for word in row:
                        now[queue][word] += 1
                        now[said][word] -= 1
                        total[queue][word] += step
                        total[said][word] -= step
                step += 1
        self._weights = {
            queue: {word: weight - total[queue][word] / step for word, weight in now[queue].items()} for queue in QUEUES
        }

    def route(self, text: str) -> str:
        """The queue of a ticket."""
        row = words(text)
        return max(QUEUES, key=lambda queue: (sum(self._weights[queue].get(word, 0.0) for word in row), queue))
