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


@cache
def _patterns() -> tuple[tuple[Role, bool, re2._Regexp[str]], ...]:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return tuple(
        (role, lexicons is _ENGLISH, re2.compile("|".join(parts), options))
        for lexicons in (_ENGLISH, _OTHERS)
        for role in Role
        if (parts := [part for lexicon in lexicons for part in lexicon.get(role, ())])
    )


def marks(text: str) -> list[Mark]:
    """Every role in a folded text, by place."""
    found = [
        Mark(role, one.start(), one.end(), english)
        for role, english, pattern in _patterns()
        for one in pattern.finditer(text)
    ]
    addresses = Addresses(text)
    return sorted([*found, *addresses.strangers(), *addresses.accounts()], key=lambda mark: mark.start)


class Order(NamedTuple):
    """An order that roles make, in characters of the text that was read."""

    meaning: Meaning
    start: int
    end: int
    sentence: int
    """Where its sentence begins."""
    block: tuple[int, int]
    """Its paragraph or item."""


def meant(text: str, *, tool: bool) -> Iterator[Order]:
    """Each order that roles make in a folded text.

    Args:
        text: in small letters, without accents.
        tool: whether it describes a tool.
    """
    every = marks(text)
    starts = [mark.start for mark in every]
    last, block, around = (-1, -1), every, set[Role]()
    for sentence in sentences(text):
        own = every[bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)]
        if not own:
            continue
        if sentence.block != last:
            last = sentence.block
            block = every[bisect_left(starts, last[0]) : bisect_left(starts, last[1])]
            around = {mark.role for mark in block}
        here = {mark.role for mark in own}
        for meaning, (head, *others) in _GROUPS:
            if head.isdisjoint(here) or (meaning.tools_only and not tool):
                continue
            among = around if meaning.paragraph else here
            if any(wanted.isdisjoint(among) for wanted in others):
                continue
            if found := _fits(meaning, text, sentence, own, block):
                yield Order(meaning, *found, sentence.start, sentence.block)


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
        return bool(_REFUSED.search(text[sentence.start : head.start]) or _NONE_OF_IT.match(text[head.end : end]))
    first, last = clause(text, sentence, head.start)
    return any(mark.role is Role.NOT and first <= mark.start < last for mark in own)
