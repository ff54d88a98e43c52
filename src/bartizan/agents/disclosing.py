"""Whether a call tells somebody what they may not read."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.agents import values
from bartizan.agents.derive import undeclared
from bartizan.agents.envelope import Envelope
from bartizan.agents.ledger import Ledger, followed, linked
from bartizan.agents.lexicon import content_words, name_words, nouns_of
from bartizan.agents.profile import Sink, ToolProfile
from bartizan.agents.record import Record
from bartizan.core.tool import ToolCall

_WHO = frozenset({Sink.RECIPIENT, Sink.ACCOUNT, Sink.URL})


def disclosed(call: ToolCall, profile: ToolProfile, ledger: Ledger, envelope: Envelope, operator: str) -> str:
    """Which record the call tells somebody of who does not have it; empty if none.

    The user may tell whom they like: what their words point at, or speak of as a kind of thing, is theirs to tell, and
    where they speak of many, everything is. Somebody whom the call names by a record alone, as an answer does, has that
    record.
    """
    if not profile.outward or envelope.every:
        return ""
    who: set[str] = set()
    texts: list[str] = []
    for name, argument in call.arguments.items():
        sink = (profile.parameters.get(name) or undeclared(name, profile)).sink
        leaves = values.leaves(argument)
        if sink in _WHO:
            who.update(map(values.normal, leaves))
        else:
            texts += leaves
    strangers = {one for one in who if not values.contains(operator, one)}
    if who and not strangers:
        return ""  # the user's own address
    whom = "\n".join(strangers)
    meant = {place.record for text in texts for place in ledger.places(values.normal(text)) if place.field}
    for text in texts:
        for holders in ledger.confidential.told(text):
            if any(_told(record, profile, envelope, whom) for record in holders):
                continue
            if not any(_has(record, strangers, meant) for record in holders):
                return _where(holders[0])
    return ""


def _told(record: Record, profile: ToolProfile, envelope: Envelope, whom: str) -> bool:
    """Whether the user's words speak of a record, so that it is theirs to tell. Naming whom to tell does not."""
    if record.trusted or record.pointed or followed(record, envelope):
        return True
    if linked(record, envelope, heard=whom) in {"specific", "name"}:
        return True
    if record.words & envelope.words - content_words(whom):
        return True
    kinds = nouns_of(name_words(record.tool)) - profile.nouns
    return any(kinds & sentence.nouns for sentence in envelope.sentences)


def _has(record: Record, strangers: set[str], meant: set[Record]) -> bool:
    if not strangers:
        return record in meant
    return record.readers is None or strangers <= record.readers


def _where(record: Record) -> str:
    return f"a record of {record.tool} that {', '.join(_some(record)) or 'the user alone'} may read"


def _some(record: Record) -> Iterator[str]:
    yield from sorted(record.readers or ())[:5]
