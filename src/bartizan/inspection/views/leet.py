"""Leet: letters written as digits and marks that look like them, in words that mix both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_lowercase

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import Piece, Source, splice
from bartizan.inspection.views.vocabulary import WORDS

_SIGNS = re.compile(r"[0-9@$|!+€£][a-z0-9@$|!+€£]*+")
"""A token from its first sign on. Signs are rarer than letters: from them, a token is found fastest."""
_LETTERS = str.maketrans("013456789@$|!+€£2", "oieasgtbgasiitelz")
_SECOND = str.maketrans("013456789@$|!+€£2", "oleasbtbgasliteez")
_ONLY_SIGNS = frozenset("0123456789@$|!+€£")
_HEX_DIGITS = frozenset("0123456789abcdef")
_SHORTEST, _LONGEST = 4, 24
_TRAILING = "!|+$"


def undo_leet(source: Source) -> Iterator[View]:
    """Applied if it gives a known word, or at least two letter-only words; ``1`` is read as i or as l, as fits."""
    text = source.folded.text
    tokens = list(_tokens(text))
    readings = {token: _read(token.rstrip(_TRAILING)) for token in {token for _, token in tokens}}
    if not any(readings.values()):
        return
    pieces = []
    words = 0
    for start, token in tokens:
        plain = readings[token]
        if plain is None:
            continue
        end = start + len(plain)
        if "@" in token and text[end : end + 1] == ".":
            continue
        words += plain in WORDS
        pieces.append(Piece(start, end, plain))
    if words or len(pieces) > 1:
        view = splice(source.folded, "leet", pieces, source.context)
        if view is not None:
            yield view


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """Where words begin that hold letters and signs, and the words, in linear time."""
    done = 0
    for match in _SIGNS.finditer(text):
        start = done + len(text[done : match.start()].rstrip(ascii_lowercase))
        done = match.end()
        if start < match.start() or not _ONLY_SIGNS.issuperset(match.group()):
            yield start, text[start:done]


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
