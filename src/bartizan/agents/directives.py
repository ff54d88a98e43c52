"""Sentences in other people's text that tell the reader to do something.

Such a sentence is no attack; mail is full of them. It becomes the likely cause of a call when the call does what it
says and the user's words do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from bartizan.agents import values
from bartizan.agents.languages import UNKNOWN, spoken
from bartizan.agents.lexicon import (
    content_words,
    families_of,
    implied_by,
    is_imperative,
    nouns_of,
    word_set,
    words,
)
from bartizan.agents.profile import ToolProfile

MAX_SENTENCES = 2_000
"""Sentences read per text."""

LONGEST_SENTENCE = 1_000
"""Characters read of one sentence."""

_SPLIT = re.compile(
    r"(?<=[.!?;:])\s+|(?<=[a-z][.!?])(?=[A-Z][a-z]+\s)|\n\s{0,80}\n|\n(?=\s{0,80}(?:[-*•#>]|[A-Z0-9]))|\s{1,8}[-*•]\s+|(?:^|\s)\d{1,2}[.)]\s+"
)
_BEGINNING = 5
"""Words among which a sentence of another language orders something."""
_LEAD = word_set("lead_in")
_NOUNLIKE = word_set("nounlike")
_OF = frozenset({"about", "by", "from", "of", "regarding"})
"""After these a word that can be either is a noun: *message from Ada*."""
_READING = frozenset({"read"})


class Directive(msgspec.Struct, frozen=True):
    """One sentence that asks for a deed."""

    families: frozenset[str]
    nouns: frozenset[str]
    words: frozenset[str]
    specifics: frozenset[str]
    """Values in it and in the sentence it announces."""
    flat: str
    """It and the sentence it announces without URLs, case folded, for values of no special form."""
    text: str
    """Its first characters, for a person."""

    def asks_for(self, profile: ToolProfile) -> bool:
        """Whether doing what it says would call ``profile``'s tool."""
        return bool(self.families & profile.families) and bool(self.nouns & profile.nouns or self.words & profile.words)

    def names(self, own: Iterable[str]) -> bool:
        """Whether it names one of the values ``own`` (normalised)."""
        return any(value in self.specifics or (len(value) > 3 and values.contains(self.flat, value)) for value in own)


def directives(text: str) -> tuple[list[Directive], bool]:
    """The directives in ``text``, in order, and whether all of it was read."""
    found: list[Directive] = []
    parts = _SPLIT.split(text, MAX_SENTENCES)
    sentences = [part.strip() for part in parts[:MAX_SENTENCES] if part and part.strip()]
    whole = len(parts) <= MAX_SENTENCES and all(len(sentence) <= LONGEST_SENTENCE for sentence in sentences)
    for place, sentence in enumerate(sentences):
        found_words = words(sentence[:LONGEST_SENTENCE])
        verb = _verb(found_words)
        nouns: frozenset[str] = frozenset()
        if verb >= 0:
            families = families_of(found_words[verb:]) - _READING
            nouns = nouns_of(found_words) | implied_by(found_words[verb:])
        else:
            families, nouns = _foreign(sentence[:LONGEST_SENTENCE])
        if not families or (verb >= 0 and len(found_words) < 2):  # a lone word is a label: "Email:"
            continue
        following = sentences[place + 1] if place + 1 < len(sentences) else ""
        found.append(
            Directive(
                families,
                nouns,
                content_words(sentence[:LONGEST_SENTENCE]),
                frozenset(values.specifics(sentence))
                | frozenset(values.quoted(sentence))
                | frozenset(values.specifics(following[:400])),
                _flat(f"{sentence[:LONGEST_SENTENCE]} {following[:400]}"),
                sentence[:160],
            )
        )
    return found, whole


def _flat(text: str) -> str:
    """Without addresses of pages: who merely stands in one is not named by it."""
    return " ".join(values.URL.sub(" ", text).casefold().split())


def _foreign(sentence: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a sentence in another language orders at its beginning, and the things it names."""
    said = spoken(sentence, _BEGINNING)
    if not said.languages - {"en", UNKNOWN}:
        return frozenset(), frozenset()
    return said.families - _READING, said.nouns


def _verb(spoken: list[str]) -> int:
    """Position of the verb that a sentence in the imperative starts with, -1 if it does not read as one."""
    for place, word in enumerate(spoken[:14]):
        if word in _NOUNLIKE and place + 1 < len(spoken) and spoken[place + 1] in _OF:
            break
        if is_imperative(word) and word not in {"note", "task", "action", "order", "like", "make", "set"} | {"do"}:
            return place
        if word in {"set", "make", "order", "like", "note"} and place + 1 < len(spoken):
            return place
        if word not in _LEAD:
            break
    for place, word in enumerate(spoken[:-1]):
        if (
            word in {"please", "must", "should", "kindly"}
            or (word == "you" and place and spoken[place - 1] in {"can", "could", "will", "would"})
            or (word == "to" and place and spoken[place - 1] in {"need", "have", "want", "you", "required", "sure"})
        ):
            ahead = place + 1
            while ahead < len(spoken) and spoken[ahead] in _LEAD:
                ahead += 1
            if ahead < len(spoken) and is_imperative(spoken[ahead]):
                return ahead
    return -1
