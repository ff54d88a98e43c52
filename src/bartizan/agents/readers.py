"""Who may read what a session has read: confidentiality beside provenance.

A record whose fields say who has it (sender, recipients, participants, whom a file is shared with) may be read by those
and by the session's own user. What is told out of several records may be read by whoever may read all of them; what
stands in several records, by whoever may read one. Records without such fields are open: nothing says who may not read
them (readers and joins as in Myers and Liskov, https://doi.org/10.1145/363516.363526).
"""

from __future__ import annotations

from collections.abc import Sequence

from bartizan.agents import values
from bartizan.agents.lexicon import name_words, word_set, words
from bartizan.agents.record import Record
from bartizan.agents.results import Leaf

MAX_PIECES = 50_000
"""Pieces of confidential records remembered per session, and of open ones; beyond, nothing more is recognised."""
MAX_READERS = 200
MAX_HOLDERS = 16
"""Records remembered per piece."""
_RUN = 6
"""Words in a row by which a passage is known again."""
_SHORTEST = 6
_DIGITS = 3
_HAVE = word_set("reader_keys")
_CLASSES = word_set("class_keys")
_OPEN = word_set("open_classes")
_CLOSED = word_set("closed_classes")


class Shelf:
    """What is confidential in a session, by the pieces that give it away."""

    def __init__(self) -> None:
        self._held: dict[int, list[Record]] = {}
        self._open: set[int] = set()

    def take(self, leaves: Sequence[Leaf], record: Record) -> None:
        """Take in one record, which knows its readers afterwards."""
        record.readers = readers_of(leaves)
        for leaf in leaves:
            for piece in pieces(leaf.text):
                if record.readers is None:
                    if len(self._open) < MAX_PIECES:
                        self._open.add(piece)
                elif piece in self._held or len(self._held) < MAX_PIECES:
                    holders = self._held.setdefault(piece, [])
                    if len(holders) < MAX_HOLDERS and record not in holders:
                        holders.append(record)

    def told(self, text: str) -> list[list[Record]]:
        """For each confidential piece in ``text``, the records that hold it."""
        if not self._held:
            return []
        return [self._held[piece] for piece in pieces(text) if piece in self._held and piece not in self._open]


def readers_of(leaves: Sequence[Leaf]) -> frozenset[str] | None:
    """Who has a record, as its fields say; None where they do not say so, or say that it is public."""
    found: set[str] = set()
    closed = False
    for leaf in leaves:
        if not leaf.field or len(found) > MAX_READERS:
            continue
        key, value = set(name_words(leaf.key)), values.normal(leaf.text)
        if key & _CLASSES:
            if value in _OPEN:
                return None
            closed = closed or value in _CLOSED
        elif key & _HAVE:
            found |= {value, *values.specifics(leaf.text)}
    return frozenset(found) if found or closed else None


def pieces(text: str) -> set[int]:
    """What gives a text away, hashed: its codes and numbers of some length, and every run of six words."""
    spoken = words(text)
    found = {hash(value) for value in values.specifics(text) if _telling(value)}
    found.update(hash(" ".join(spoken[at : at + _RUN])) for at in range(len(spoken) - _RUN + 1))
    return found


def _telling(value: str) -> bool:
    return (
        len(value) >= _SHORTEST
        and "@" not in value
        and not values.DATE.match(value)
        and sum(letter.isdigit() for letter in value) >= _DIGITS
    )
