"""Finds quoted stretches: what a text mentions rather than says."""

from __future__ import annotations

import re2

_MARKS = (
    ('"', '"'),
    ("“", "”"),
    ("„", "“"),
    ("„", "”"),
    ("«", "»"),
    ("»", "«"),
    ("‘", "’"),
    ("‚", "‘"),
    ("「", "」"),
    ("『", "』"),
    ("《", "》"),
    ("`", "`"),
)
_LONGEST = 240


def _pattern() -> str:
    plain = [f"{opening}[^{closing}\n]+{closing}" for opening, closing in _MARKS]
    single = r"(?:^|[\s(:,])'[^'\n]+(?:'[a-z][^'\n]+)?'(?:$|[\s.,;:!?)])"
    return "|".join([*plain, single])


class Quotes:
    """Quoted stretches of a line, of at most 240 characters; longer ones are speech, not mention."""

    def __init__(self) -> None:
        self._pattern = re2.compile(_pattern())

    def find(self, text: str) -> list[tuple[int, int]]:
        """Half-open ranges, in order, marks included. Lone surrogates, which decoded views may hold, count as ``?``."""
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode()
        spans = (found.span() for found in self._pattern.finditer(text))
        return [(start, end) for start, end in spans if end - start <= _LONGEST]


def inside(start: int, end: int, ranges: list[tuple[int, int]]) -> bool:
    """True if ``[start, end)`` lies in one of the ranges."""
    return any(low <= start and end <= high for low, high in ranges)
