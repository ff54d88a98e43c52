"""Letter-spacing: words whose letters are parted by spaces or marks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import re2

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import Piece, Source, splice
from bartizan.inspection.views.vocabulary import segment

_GAP = r"[ \t\r\n.\-_*|/,+~'\"`^\\:;·•]{1,6}"
_RUN = re2.compile(rf"[\pL\pN@$!|](?:{_GAP}[\pL\pN@$!|]){{3,}}")
_STEP = re.compile(r"([\w@$!|])([^\w@$!|]*_*[^\w@$!|]*)")
_LEAST = 4
_UNPARTED = 8
"""A row of more letters than this without a wider gap is parted with the help of the vocabulary."""


def undo_letter_spacing(source: Source) -> Iterator[View]:
    """``i g n o r e``, ``i.g.n.o.r.e``, ``i-g-n-o-r-e``, one letter a line; a wider or rarer gap parts words."""
    view = splice(source.folded, "letter_spacing", _pieces(source.folded.text), source.context)
    if view is not None:
        yield view


def _pieces(text: str) -> Iterator[Piece]:
    for match in _RUN.finditer(text):
        start, end = match.span()
        letters = list(_STEP.finditer(text, start, end))
        if start and text[start - 1].isalnum():
            letters = letters[1:]
        if letters and text[end : end + 1].isalnum():
            letters = letters[:-1]
        if len(letters) < _LEAST or sum(letter.group(1).isalpha() for letter in letters) * 3 < len(letters):
            continue
        yield _collapse(letters)


def _collapse(letters: list[re.Match[str]]) -> Piece:
    gaps = [letter.group(2) for letter in letters[:-1]]
    usual = Counter(gaps).most_common(1)[0][0]
    words: list[list[re.Match[str]]] = [[]]
    for letter, gap in zip(letters, [*gaps, usual], strict=True):
        words[-1].append(letter)
        if gap != usual and (len(gap) > len(usual) or gap.isspace() or not usual.isspace()):
            words.append([])
    plain: list[str] = []
    places: list[int] = []
    at = 0
    for word in words:
        for part in _parted("".join(letter.group(1) for letter in word)):
            if plain:
                plain.append(" ")
                places.append(places[-1])
            plain.append(part)
            places.extend(letter.start() for letter in letters[at : at + len(part)])
            at += len(part)
    return Piece(letters[0].start(), letters[-1].start() + 1, "".join(plain), places)


def _parted(word: str) -> tuple[str, ...]:
    if len(word) <= _UNPARTED:
        return (word,)
    found = segment(word)
    return found.words if found.known * 2 >= len(word) else (word,)
