"""Which word of a tool's name is its deed, and whether its description tells what there is instead of what is done.

Many words can be either: ``leaseExtend`` extends, ``listing_publish`` publishes, ``text_of_file`` reads. The
description says which: a word that it uses as a thing (*extend the lease*) is one, and its own first verb names the
deed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bartizan.agents.lexicon import (
    families_of,
    folded,
    is_imperative,
    is_verb,
    nouns_of,
    spelled,
    word_set,
    words,
)

_PLAIN = word_set("plain_verbs")
_READING = word_set("reading_verbs")
_LAST = _PLAIN | _READING
_NOUNLIKE = word_set("nounlike")
_ADJECTIVAL = word_set("adjectival")
_LEADING = word_set("describing")
_ASKING = frozenset(("how", "what", "when", "where", "which", "who"))
_ARTICLES = frozenset(("a", "all", "an", "another", "one", "the", "this", "your"))
_DETERMINING = _ARTICLES | {"any", "each", "every", "its", "new", "of", "some", "their", "user's"}
_LINKING = frozenset(
    ("and", "at", "between", "by", "for", "from", "in", "of", "on", "that", "under", "which", "who", "whose", "with")
)
_METHODS = frozenset(("delete", "get", "head", "patch", "post", "put"))
_RETURNING = frozenset(("return", "returns", "gives", "provides", "yields"))
_PRONOUNS = frozenset(("her", "him", "it", "them", "these", "this"))
_NEAR = 6
"""Words of a description among which a noun phrase shows itself."""
_DESCRIBED = 400
"""Characters read of a description."""


class Deed(NamedTuple):
    """What a tool's name and description call its deed; empty if neither names one."""

    word: str = ""
    where: str = ""
    """``name`` or ``description``."""
    also: str = ""
    """The description's word for it, where the name has another one."""

    @property
    def families(self) -> frozenset[str]:
        """Of both its words."""
        return families_of(filter(None, (self.word, self.also)))


def reads(verb: str) -> bool:
    """Whether a verb only reads."""
    return folded(verb) in _FOLDED_READING


_FOLDED_READING = frozenset(map(folded, _READING))


def first_sentence(description: str) -> list[str]:
    """The words of a description's first sentence, without an HTTP method and its path before it."""
    method, _, rest = description[:_DESCRIBED].strip().partition(" ")
    if method.casefold() in _METHODS and rest.startswith("/"):
        description = rest.partition(" ")[2]
    return words(spelled(description[:_DESCRIBED].split(".")[0]))


def deed_of(named: list[str], sentence: list[str], *, acted_with: bool) -> Deed:
    """The deed of a tool.

    Args:
        named: words of its name, its verb in front.
        sentence: words of the first sentence of its description.
        acted_with: whether it takes what is written, sent or paid: then no description makes a verb of its name a thing
            that is read.
    """
    verbs = [word for word in named if is_deed(word)]
    head = _head(named, sentence)
    acts = bool(head) and not reads(head)
    firm = [word for word in verbs if not _ambiguous(word) and not (acts and _thing_here(word, sentence))]
    kin = [word for word in firm or verbs if head and families_of([word]) & families_of([head])]
    if kin:
        return Deed(kin[0], "name")
    if firm:
        return Deed(firm[0], "name", "" if not head or reads(head) else head)
    if verbs and head and not reads(head):
        return Deed(verbs[0], "name", head)
    if verbs and acted_with:
        return Deed(verbs[0], "name")
    if head and (more := _goes_on(sentence)):
        return Deed(more, "description", verbs[0] if verbs else head)
    if head:
        return Deed(head, "description")
    if verbs and not tells_what_is(sentence, named):
        return Deed(verbs[0], "name")
    return Deed()


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
    """Whether a word of a name is a verb; several things, *records* or *logs*, are none, and neither is what is called
    by a verb's form: a *viewing*, *received* mail."""
    if is_imperative(word):
        return True
    third = word.endswith("s") and any(map(is_imperative, (word[:-1], word[:-2], f"{word[:-3]}y")))
    return third and not nouns_of([word])


def tells_what_is(sentence: Sequence[str], named: Sequence[str]) -> bool:
    """Whether a description is a noun phrase, *Objects in a bucket*, *Text of a page*, or a question.

    Args:
        sentence: words of its first sentence.
        named: words of the tool's name.
    """
    if not sentence:
        return False
    if sentence[0] in _ASKING:
        return True
    start = int(sentence[0] in _ARTICLES)
    if not start and not _begins_with_thing(sentence, named):
        return False
    for word in sentence[start + 1 : _NEAR]:
        if word in _ARTICLES:
            return False  # *Page another responder*: the first word is what is done to what follows
        if word in _LINKING:
            return True
    return False


def asks(sentence: Sequence[str]) -> bool:
    """Whether a description is a question or names several things: it lists, whatever they are."""
    return bool(sentence) and (sentence[0] in _ASKING or any(map(_several, sentence[:2])))


def _head(named: Sequence[str], sentence: Sequence[str]) -> str:
    """The verb with which a description says what its tool does; empty for a noun phrase."""
    at = 0
    while at < len(sentence) and (sentence[at] in _LEADING or (at and sentence[at].endswith("ly"))):
        at += 1
    rest = sentence[at:]
    if not rest or not is_verb(rest[0]) or rest[0] in _ASKING or tells_what_is(sentence, named):
        return ""
    return "get" if rest[0] in _RETURNING else rest[0]


def _begins_with_thing(sentence: Sequence[str], named: Sequence[str]) -> bool:
    """Whether the first word, before which no article stands, is a thing or of what kind one is. *Orders of a customer*
    and *orders placed today* are things, *orders everything* is a deed; so is a word with which the tool's name ends
    as well, and one that nobody knows, unless it is said of what, or several: *Hold seats on a flight*."""
    one, two = (*sentence[:2], "", "")[:2]
    if two in _LINKING or (_several(one) and two.endswith("ed")):
        return _thing(one)
    if _qualifies(sentence):
        return True
    if is_verb(one):
        return _thing(one) and not _several(one) and folded(one) not in map(folded, named)
    return bool(nouns_of([one])) and one not in named[-1:]


def _qualifies(sentence: Sequence[str]) -> bool:
    """Whether the first word says of what kind the things after it are: *open requests*, *approved suppliers*."""
    one, two = (*sentence[:2], "", "")[:2]
    if is_imperative(one):
        return one in _ADJECTIVAL and _several(two)
    return one in _ADJECTIVAL or (one.endswith("ed") and _several(two))


def _ambiguous(word: str) -> bool:
    """Whether a verb is the name of a thing as well."""
    return (folded(word) in _NOUNLIKE and not reads(word)) or word in _ADJECTIVAL


def _thing_here(word: str, sentence: Sequence[str]) -> bool:
    """Whether a description uses a verb as a thing: *extend the lease*. Only where it says another deed is that one
    believed: who calls a tool ``delete_file`` and says that it checks the delete does not make it harmless."""
    for at, one in enumerate(sentence):
        if at and folded(one) == folded(word):
            before = sentence[max(0, at - 2) : at]
            if before[-1] in _DETERMINING or (before[0] in _ARTICLES and not is_verb(before[-1])):
                return True
    return False


def _goes_on(sentence: Sequence[str]) -> str:
    """The deed with which a description goes on: *find a person and text them*, *shows the basket, then places it*. A
    word that can be a thing is one only with something behind it that it is done to: not in *an issue and comment
    count*."""
    plain = [word for word in sentence if is_verb(word) or not word.endswith("ly")]
    for before, word, behind in zip(plain, plain[1:], [*plain[2:], ""], strict=False):
        if before not in {"and", "or", "then"} or reads(word):
            continue
        if behind in _PRONOUNS or (
            is_verb(word) and (not behind or behind in _DETERMINING or not _could_be_thing(word))
        ):
            return word
    return ""


def _could_be_thing(word: str) -> bool:
    return _ambiguous(word) or bool(nouns_of([word]))


def _thing(word: str) -> bool:
    return folded(word) in _NOUNLIKE or bool(nouns_of([word])) or not is_verb(word) or _several(word)


def _several(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss") and not is_imperative(word)
