"""Records that the user's words describe: *the order of the garden chairs*, *the invitation to the housewarming*."""

from __future__ import annotations

from bartizan.agents.envelope import Envelope
from bartizan.agents.record import Record

MOST = 200
"""Records of one result among which one is told by its description."""
ENOUGH = 2
"""Words that describe; one alone is too easily shared."""


def described(record: Record, envelope: Envelope) -> bool:
    """Whether two sentences of the user in a row share more words with the fields of ``record`` than with those of any
    other record of its result, and at least two."""
    beside = record.beside
    if len(beside) > MOST or len(record.words & envelope.words) < ENOUGH:
        return False
    sentences = envelope.sentences
    for at in range(max(1, len(sentences) - 1)):
        said = frozenset().union(*(sentence.words for sentence in sentences[at : at + 2]))
        shared = len(record.words & said)
        if shared >= ENOUGH and all(len(other.words & said) < shared for other in beside if other is not record):
            return True
    return False
