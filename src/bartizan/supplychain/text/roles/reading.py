"""Finds roles in a text and the orders that they make."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import re2

from bartizan.supplychain.text.roles.addresses import Addresses
from bartizan.supplychain.text.roles.lexicon.conduct import CONDUCT
from bartizan.supplychain.text.roles.lexicon.eastern import EASTERN
from bartizan.supplychain.text.roles.lexicon.english import ENGLISH
from bartizan.supplychain.text.roles.lexicon.western import WESTERN
from bartizan.supplychain.text.roles.meanings import MEANINGS, Meaning
from bartizan.supplychain.text.roles.role import Mark, Role
from bartizan.supplychain.text.roles.sentences import Sentence, clause, directed, sentences

_ENGLISH, _OTHERS = (ENGLISH, CONDUCT), (WESTERN, EASTERN)
_MEMORY = 24 << 20
_REFUSED = re2.compile(
    r"\b(?:never|do not|don[’']?t|must not|mustn[’']?t|should not|shouldn[’']?t|may not|cannot|can[’']t|avoid)"
    r"(?: ever| be| to| also)?\s+$"
)
_NONE_OF_IT = re2.compile(r"\s*(?:them |it |in )?(?:no |none of |neither |nothing )(?:\w+ )?(?:\w+)")
_ALL_OF_IT = re2.compile(
    r"\s*(?:them |it )?(?:in )?(?:no (?:(?:less|more|fewer|later|sooner|longer|time|delay|matter|doubt|exceptions?|"
    r"questions?|problem|hurry)\b|[\w-]+ (?:later|sooner|than)\b)|nothing (?:but|except|less|short|other|more|else)\b)"
)
"""It looks like a denial of the object, and is none."""
_MORE = re2.compile(
    r"\s*(?:(?:nur|erst|bloss|allein|lediglich|anders als|alleen|slechts|enkel|bara|endast|enbart|seulement|"
    r"uniquement|solo|solamente|unicamente|so|somente|apenas|soltanto|tylko|jen|pouze|only|just|merely|nothing but|but|"
    r"time|later|delay|matter|doubt|problem|longer)\b|только|просто|лише|тільки|仅|只|但)"
)
"""After a word that denies: more is meant, or something else is denied."""
_HALF = frozenset({"ne", "n'"})
"""The first half of a French denial."""
_OF_NO_LANGUAGE = frozenset(
    {
        Role.SECRET,
        Role.STRANGER,
        Role.ACCOUNT,
        Role.CONTACT,
        Role.SINK,
        Role.UNSAFE,
        Role.SOURCE,
        Role.TOOL,
        Role.AGENT_FILE,
    }
)

_GROUPS = tuple((meaning, tuple(map(frozenset, meaning.roles))) for meaning in MEANINGS)


TELLING = frozenset(
    {
        Role.STRANGER, Role.SECRET, Role.TALK, Role.PERSONAL, Role.CONCEAL, Role.UNTRUE, Role.WHATEVER, Role.ACCOUNT,
        Role.CONTACT, Role.GUARD, Role.UNSAFE, Role.FAVOUR, Role.GRANT, Role.SELF, Role.AGENT_FILE, Role.OBEY,
        Role.SKEW, Role.PASSCODE, Role.EVERYWHERE, Role.TRUST, Role.ITSELF, Role.OUTSIDE, Role.KEEP, Role.HANDED,
    }
)  # fmt: skip
"""Roles that few paragraphs have; every meaning needs one. The others are looked for only beside them."""

_NEEDED = frozenset(frozenset(group for group in groups if group <= TELLING) for _, groups in _GROUPS)


@cache
def _patterns(telling: bool) -> tuple[tuple[Role, bool, re2._Regexp[str]], ...]:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return tuple(
        (role, lexicons is _ENGLISH, re2.compile("|".join(parts), options))
        for lexicons in (_ENGLISH, _OTHERS)
        for role in Role
        if (role in TELLING) is telling and (parts := [part for lexicon in lexicons for part in lexicon.get(role, ())])
    )


def _marks(text: str, start: int, end: int, *, telling: bool) -> list[Mark]:
    part = text[start:end]  # RE2 encodes what it is given anew each time
    return [
        Mark(role, start + one.start(), start + one.end(), english)
        for role, english, pattern in _patterns(telling)
        for one in pattern.finditer(part)
    ]


class Order(NamedTuple):
    """An order that roles make, in characters of the text that was read."""

    meaning: Meaning
    start: int
    end: int
    block: tuple[int, int]
    """Its paragraph or item."""


def meant(text: str, *, tool: bool) -> Iterator[Order]:
    """Each order that roles make in a folded text.

    Args:
        text: in small letters, without accents.
        tool: whether it describes a tool.
    """
    addresses = Addresses(text)
    telling = [*_marks(text, 0, len(text), telling=True), *addresses.strangers(), *addresses.accounts()]
    telling.sort(key=_place)
    last, block, around = (-1, -1), telling, set[Role]()
    for sentence in sentences(text):
        if sentence.block != last:
            last = sentence.block
            block = _between(telling, *last)
            here = {mark.role for mark in block}
            if any(all(not group.isdisjoint(here) for group in needed) for needed in _NEEDED):
                block = sorted([*block, *_marks(text, *last, telling=False)], key=_place)
            else:
                block = []
            around = {mark.role for mark in block}
        own = _between(block, sentence.start, sentence.end)
        if not own:
            continue
        here = {mark.role for mark in own}
        for meaning, (head, *others) in _GROUPS:
            if head.isdisjoint(here) or (meaning.tools_only and not tool):
                continue
            among = around if meaning.paragraph else here
            if any(wanted.isdisjoint(among) for wanted in others):
                continue
            if found := _fits(meaning, text, sentence, own, block):
                yield Order(meaning, *found, sentence.block)


def _place(mark: Mark) -> int:
    return mark.start


def _between(marks: list[Mark], start: int, end: int) -> list[Mark]:
    return marks[bisect_left(marks, start, key=_place) : bisect_left(marks, end, key=_place)]


def _fits(
    meaning: Meaning, text: str, sentence: Sentence, own: Sequence[Mark], block: Sequence[Mark]
) -> tuple[int, int] | None:
    """The closest places at which one mark of each group stands, with one of the first group in the sentence."""
    among = block if meaning.paragraph else own
    groups = [[mark for mark in among if mark.role in wanted] for wanted in meaning.roles[1:]]
    if not all(groups):
        return None
    for head in own:
        if head.role not in meaning.roles[0] or (
            meaning.directed and head.english and not directed(text, sentence, head)
        ):
            continue
        ordered = meaning.ordered and head.english
        start, end, at = head.start, head.end, head.end if ordered else -1
        for group in groups:
            others = [m for m in group if m.role is not head.role and m.start >= at and _speak_alike(m, head)]
            if not others:
                break
            nearest = min(others, key=lambda m: max(m.start - head.end, head.start - m.end))
            start, end = min(start, nearest.start), max(end, nearest.end)
            at = nearest.end if ordered else -1
        else:
            if end - start <= meaning.near and (meaning.denied or not _denied(text, sentence, own, head, end)):
                return start, end
    return None


def _speak_alike(mark: Mark, head: Mark) -> bool:
    """Whether words are of one language; names, paths and addresses are of every one."""
    return mark.english == head.english or mark.role in _OF_NO_LANGUAGE


def _denied(text: str, sentence: Sentence, own: Sequence[Mark], head: Mark, end: int) -> bool:
    """Whether the verb is denied: in English right before it or before its object, otherwise anywhere in its clause."""
    if head.english:
        after = text[head.end : end]
        nothing = _NONE_OF_IT.match(after) and not _ALL_OF_IT.match(after)
        return bool(nothing or _REFUSED.search(text[sentence.start : head.start]))
    first, last = clause(text, sentence, head.start)
    words = [mark for mark in own if mark.role is Role.NOT and first <= mark.start < last]
    left = [mark for mark in words if not _MORE.match(text[mark.end : last])]
    if len(left) < len(words):
        left = [mark for mark in left if text[mark.start : mark.end] not in _HALF]
    return bool(left)
