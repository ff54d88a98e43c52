"""Paragraphs, items and sentences of a text, as far as orders need them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import re2

from bartizan.supplychain.text.roles.role import Mark

_BLOCK = re.compile(r"\n[ \t]*(?:\n|(?=[-*+•][ \t]|\d{1,3}[.)][ \t]|#{1,6}[ \t]|\||```|~~~|>))|(?<=\n)(?=#{1,6}[ \t])")
_SENTENCE = re.compile(r"(?<=[.!?])[)\"'”»`*_]{0,3}\s+(?=\S)|(?<=[。！？।؟])|\n(?=[^\n]*[{}\[\]])")
_CLAUSE = re.compile(r"[,;:—–]|\s-\s|\b(?:but|and then|and|sondern|und|et|mais|pero|y|e|ma|но|и)\b|[、，；：]")
_TELLS = re2.compile(r"[a-z-]{2,14}ing\b")
_LEADING = re2.compile(
    r"(?i)\W*(?:(?:[0-9]{1,2}|step|also|always|then|first|next|finally|and|or|please|you|to|be|it|now|agents?|"
    r"assistants?|even|afterwards|instead|just|simply|silently|secretly|quietly|only|so|therefore|again|too|note|important|never|not|do|"
    r"in addition|additionally|otherwise|it'?s)\W+){0,6}"
)
_MUST = re2.compile(
    r"(?i)\b(?:must|should|shall|have to|has to|need to|needs to|(?:is|are) to|will|gets?|is|are|be|and|or|to|agents?|"
    r"assistants?|(?:who|that|which) (?:read|see|use|index|help with|work with|answer questions about)"
    r" (?:this|it|these)(?: page| text| file)?)"
    r"(?: also| always| be| then| all| silently| secretly| first| never)*\W+$"
)
_WHEN = re2.compile(
    r"(?i)\W*(?:before|after|when|whenever|if|once|at|in|for|with|during|prior|on|every time|each time|as soon|"
    r"while|from)\b"
)
_LONGEST = 1_200


class Sentence(NamedTuple):
    """A sentence, in characters of the text, and its paragraph or item."""

    start: int
    end: int
    block: tuple[int, int]


def sentences(text: str) -> Iterator[Sentence]:
    """Every sentence in order; a paragraph without any end is cut."""
    edges = [0, *(found.end() for found in _BLOCK.finditer(text)), len(text)]
    for first, last in pairwise(edges):
        for start in range(first, last, _LONGEST):
            end = min(last, start + _LONGEST)
            inner = [start, *(found.end() for found in _SENTENCE.finditer(text, start, end)), end]
            for begin, stop in pairwise(inner):
                if stop - begin > 2:
                    yield Sentence(begin, stop, (start, end))


def directed(text: str, sentence: Sentence, mark: Mark) -> bool:
    """Whether a verb is ordered: it begins a clause, follows "must" and the like, or only circumstances precede it."""
    if _TELLS.match(text[mark.start : mark.end]):
        return False
    before = text[sentence.start : mark.start]
    ends = [found.end() for found in _CLAUSE.finditer(before)]
    part = before[ends[-1] if ends else 0 :]
    return _LEADING.fullmatch(part) is not None or (_MUST.search(part) is not None) or _WHEN.match(part) is not None


def clause(text: str, sentence: Sentence, at: int) -> tuple[int, int]:
    """The clause of a sentence that a place is in."""
    start, end = sentence.start, sentence.end
    for found in _CLAUSE.finditer(text, sentence.start, sentence.end):
        if found.end() <= at:
            start = found.end()
        elif found.start() >= at:
            end = found.start()
            break
    return start, end
