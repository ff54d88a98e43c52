"""Records that the user's words describe: *the order of the garden chairs*, *the invitation to the housewarming*."""

from __future__ import annotations

from bartizan.agents.envelope import Envelope
from bartizan.agents.lexicon import families_of, nouns_of
from bartizan.agents.record import Record

MOST = 200
"""Records of one result among which one is told by its description."""
ENOUGH = 2
"""Words that describe; one alone is too easily shared, but for one that the lexicon does not know: *dentist*, and
where it is all that the user's words share with any of several messages: *the carrier's mail about my parcel*."""


def described(record: Record, envelope: Envelope) -> bool:
    """Whether two sentences of the user in a row share more words with the fields of ``record`` than with those of any
    other record of its result: at least two, or one rare word that stands in no other; or they share words with it
    alone, and somebody wrote it."""
    beside = record.beside
    common = record.words & envelope.words
    if len(beside) > MOST or not common:
        return False
    if record.authored and len(beside) > 1 and _alone(record, envelope):
        return True
    if len(common) < ENOUGH:
        return len(beside) > 1 and all(
            rare(word) and not any(word in other.words for other in beside if other is not record) for word in common
        )
    sentences = envelope.sentences
    for at in range(max(1, len(sentences) - 1)):
        said = frozenset().union(*(sentence.words for sentence in sentences[at : at + 2]))
        shared = len(record.words & said)
        if shared >= ENOUGH and all(len(other.words & said) < shared for other in beside if other is not record):
            return True
    return False


def _alone(record: Record, envelope: Envelope) -> bool:
    return not any(other.words & envelope.words for other in record.beside if other is not record)


def rare(word: str) -> bool:
    """Whether the lexicon does not know ``word``: no deed and no kind of thing."""
    return len(word) > 2 and not (families_of([word]) or nouns_of([word]) or word.isdigit())
