"""Leet: letters written as digits and marks that look like them, in words that mix both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import Piece, Source, splice
from bartizan.inspection.views.vocabulary import WORDS

_TOKEN = re.compile(r"(?<![a-z0-9@$|!+€£])(?:[a-z]++[0-9@$|!+€£]|[0-9@$|!+€£]++[a-z])[a-z0-9@$|!+€£]*+")
"""Linear: it starts at the first character of a token only, and never gives back what it took."""
_LETTERS = str.maketrans("013456789@$|!+€£2", "oieasgtbgasiitelz")
_SECOND = str.maketrans("013456789@$|!+€£2", "oleasbtbgasliteez")
_HEX_DIGITS = frozenset("0123456789abcdef")
_SHORTEST, _LONGEST = 4, 24
_TRAILING = "!|+$"


def undo_leet(source: Source) -> Iterator[View]:
    """Applied if it gives a known word, or at least two letter-only words; ``1`` is read as i or as l, as fits."""
    text = source.folded.text
    readings = {token: _read(token.rstrip(_TRAILING)) for token in set(_TOKEN.findall(text))}
    if not any(readings.values()):
        return
    pieces = []
    words = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        plain = readings[token]
        if plain is None:
            continue
        start = match.start()
        end = start + len(plain)
        if "@" in token and text[end : end + 1] == ".":
            continue
        words += plain in WORDS
        pieces.append(Piece(start, end, plain))
    if words or len(pieces) > 1:
        view = splice(source.folded, "leet", pieces, source.context)
        if view is not None:
            yield view


def _read(token: str) -> str | None:
    """The word that a token of at least two characters says, letter for letter."""
    if len(token) < 2:
        return None
    first, second = token.translate(_LETTERS), token.translate(_SECOND)
    if first == token:
        return None
    for plain in (first, second):
        if len(plain) > 2 and plain in WORDS:
            return plain
    if (
        not _SHORTEST <= len(token) <= _LONGEST
        or _HEX_DIGITS.issuperset(token)
        or sum(map(str.isalpha, token)) * 3 < len(token)
    ):
        return None
    return first
