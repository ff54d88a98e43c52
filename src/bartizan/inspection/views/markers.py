"""Words that betray text written backwards or with shifted letters.

The transformations themselves would apply to any text; they are tried only where a word that instructions to a model
(or any English text) are made of shows up in changed form.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

import ahocorasick_rs

from bartizan.inspection.views.vocabulary import WORDS

_TELLING: Final = (
    "ignore previous instruct system prompt reveal secret password disregard forget assistant override message"
)
_COMMON: Final = "the and you all your with that this what from"
_LETTERS = string.ascii_lowercase
_WORD: Final = re.compile(r"[a-z]{4,16}")
_TURNED: Final = frozenset(word[::-1] for word in WORDS) - WORDS
_MOST_WORDS: Final = 60
_FEWEST: Final = 2
_NEAR: Final = 2_000
"""Characters in which so many words of ordinary text stand: there they are read without their places first."""


class Marker(NamedTuple):
    """A place where a word shows up in changed form."""

    kind: str
    shift: int
    """Letters to go back in the alphabet; 0 for other kinds."""
    start: int
    end: int


def shifted(text: str, by: int) -> str:
    """Every ASCII letter ``by`` places further in the alphabet, case kept."""
    by %= 26
    upper = _LETTERS.upper()
    table = str.maketrans(_LETTERS + upper, _LETTERS[by:] + _LETTERS[:by] + upper[by:] + upper[:by])
    return text.translate(table)


def mirrored(text: str) -> str:
    """Every ASCII letter replaced by its counterpart from the end of the alphabet (Atbash), case kept."""
    upper = _LETTERS.upper()
    return text.translate(str.maketrans(_LETTERS + upper, _LETTERS[::-1] + upper[::-1]))


class _Automaton:
    def __init__(self) -> None:
        rows: dict[str, tuple[str, int, bool]] = {}
        for word in _TELLING.split():
            rows[word[::-1]] = ("reversed", 0, False)
            rows[mirrored(word)] = ("atbash", 0, False)
            for shift in range(1, 26):
                rows[shifted(word, shift)] = ("caesar", shift, False)
        for word in _COMMON.split():
            rows.setdefault(word[::-1], ("reversed", 0, True))
            rows.setdefault(shifted(word, 13), ("caesar", 13, True))
        for word in (*_TELLING.split(), *_COMMON.split()):
            rows.pop(word, None)
        self.rows = list(rows.values())
        self.search = ahocorasick_rs.AhoCorasick(list(rows), implementation=ahocorasick_rs.Implementation.DFA)


@lru_cache(maxsize=1)
def _automaton() -> _Automaton:
    return _Automaton()


def markers(folded: str) -> list[Marker]:
    """The places in a folded text. A common word counts only on its own, and only if there are two of its kind."""
    automaton = _automaton()
    try:
        hits = automaton.search.find_matches_as_indexes(folded, overlapping=True)
    except UnicodeEncodeError:
        return []
    sure = _backwards(folded)
    weak: dict[tuple[str, int], list[Marker]] = {}
    for index, start, end in hits:
        kind, shift, common = automaton.rows[index]
        marker = Marker(kind, shift, start, end)
        if not common:
            sure.append(marker)
        elif not (folded[start - 1 : start].isalnum() and start) and not folded[end : end + 1].isalnum():
            weak.setdefault((kind, shift), []).append(marker)
    for found in weak.values():
        if len({folded[marker.start : marker.end] for marker in found}) > 1:
            sure += found
    sure.sort(key=lambda marker: marker.start)
    return sure


def _backwards(folded: str) -> list[Marker]:
    """Words of the vocabulary written backwards, if they are a third of the first words and outnumber known ones."""
    shown = _WORD.findall(folded, 0, _NEAR)[:_MOST_WORDS]
    if _TURNED.isdisjoint(shown) and (len(shown) == _MOST_WORDS or len(folded) <= _NEAR):
        return []
    words = list(islice(_WORD.finditer(folded), _MOST_WORDS))
    shown = [word.group() for word in words]
    turned = [word for word in words if word.group() in _TURNED]
    if len(turned) < max(_FEWEST, len(words) / 3) or len(turned) <= sum(map(WORDS.__contains__, shown)):
        return []
    return [Marker("reversed", 0, *word.span()) for word in turned]


def marked_kinds(folded: str) -> frozenset[str]:
    """The kinds among `markers`."""
    return frozenset(marker.kind for marker in markers(folded))


def stretches(places: list[tuple[int, int]], length: int, around: int) -> list[tuple[int, int]]:
    """Ranges of ``around`` characters on both sides of each place, overlapping ones joined. Places come in order."""
    out: list[tuple[int, int]] = []
    for start, end in places:
        low, high = max(0, start - around), min(length, end + around)
        if out and low <= out[-1][1]:
            out[-1] = out[-1][0], max(high, out[-1][1])
        else:
            out.append((low, high))
    return out
