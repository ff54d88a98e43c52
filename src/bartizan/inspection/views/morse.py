"""Morse code (ITU-R M.1677-1): letters parted by spaces, words by a slash, a bar, a line break or a wider gap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

import re2

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import Piece, Source, splice

_RUN = re2.compile(r"[.\-_·•]{1,6}(?:[ \n/|]{1,8}[.\-_·•]{1,6}){4,}")
_TOKEN = re.compile(r"[.\-_·•]+|[ \n/|]+")
_DOTS = str.maketrans("·•_", "..-")
_LEAST_LETTERS = 4
_CODES = MappingProxyType(
    dict(
        zip(
            re.findall(
                r"[.-]+",
                ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- "
                "-..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. .-.-.- --..-- ..--.. "
                "-..-. -....-",
            ),
            "abcdefghijklmnopqrstuvwxyz0123456789.,?/-",
            strict=True,
        )
    )
)


def undo_morse(source: Source) -> Iterator[View]:
    """Runs of at least five signs that are all known."""
    view = splice(source.folded, "morse", _pieces(source.folded.text), source.context)
    if view is not None:
        yield view


def _pieces(text: str) -> Iterator[Piece]:
    for match in _RUN.finditer(text):
        letters: list[str] = []
        places: list[int] = []
        for token in _TOKEN.finditer(text, *match.span()):
            sign = token.group()
            gap = "" if sign == " " else " "
            letter = gap if sign[0] in " \n/|" else _CODES.get(sign.translate(_DOTS), "\ufffd")
            if letter:
                letters.append(letter)
                places.append(token.start())
        plain = "".join(letters)
        if "\ufffd" not in plain and len(set(plain) - {" "}) >= _LEAST_LETTERS:
            yield Piece(*match.span(), plain, places)
