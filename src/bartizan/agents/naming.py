"""Which word of a tool's name is its deed, and whether its description tells what there is instead of what is done."""

from __future__ import annotations

from collections.abc import Iterable, Set

from bartizan.agents.lexicon import folded, is_imperative, is_verb, nouns_of, word_set

_PLAIN = word_set("plain_verbs")
_LAST = _PLAIN | word_set("reading_verbs")
_NOUNLIKE = word_set("nounlike")
_ASKING = frozenset(("how", "what", "when", "where", "which", "who"))
_ARTICLES = frozenset(("a", "all", "an", "another", "one", "the", "this", "your"))
_LINKING = frozenset(
    ("and", "at", "between", "by", "for", "from", "in", "of", "on", "that", "under", "which", "who", "whose", "with")
)
_NEAR = 6
"""Words of a description among which a noun phrase shows itself."""


def verb_first(named: list[str]) -> list[str]:
    """A name with its verb in front: ``orders_cancel`` and ``claims_list`` name the deed last."""
    if len(named) < 2:
        return named
    if _thing(named[0]) and named[-1] in _LAST and is_verb(named[-1]):
        return [named[-1], *named[:-1]]
    if folded(named[0]) not in _NOUNLIKE:
        return named
    at = next((at for at in (1, len(named) - 1) if named[at] in _PLAIN), 0)
    return [named[at], *named[:at], *named[at + 1 :]]


def is_deed(word: str) -> bool:
    """Whether a word of a name is a verb; several things, *records* or *logs*, are none."""
    return is_verb(word) and not (_several(word) and nouns_of([word]))


def tells_what_is(sentence: list[str], given: Iterable[str], acting: Set[str]) -> bool:
    """Whether a description is a noun phrase, *Objects in a bucket*, *Text of a page*, of a tool that takes nothing to
    act with.

    Args:
        sentence: words of its first sentence.
        given: words of the arguments' names.
        acting: those that say what is written, paid or switched.
    """
    if not sentence or not acting.isdisjoint(given):
        return False
    if sentence[0] in _ASKING:
        return True
    start = int(sentence[0] in _ARTICLES)
    if not start and is_verb(sentence[0]) and not _thing(sentence[0]):
        return False
    for word in sentence[start + 1 : _NEAR]:
        if word in _ARTICLES:
            return False  # *Page another responder*: the first word is what is done to what follows
        if word in _LINKING:
            return True
    return False


def _thing(word: str) -> bool:
    return folded(word) in _NOUNLIKE or bool(nouns_of([word])) or not is_verb(word) or _several(word)


def _several(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss") and not is_imperative(word)
