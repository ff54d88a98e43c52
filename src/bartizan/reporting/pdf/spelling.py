"""Hostile text as a page can show it: what is invisible, and what no font has, is named by code point."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Callable

from bartizan.reporting import hidden

_MARKS = 4
"""Combining marks in a row that are drawn; more would be drawn over the lines around."""
_COMPLEX = frozenset({"R", "AL", "AN"})
_SHAPED = (
    "ARABIC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM",
    "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "HEBREW", "SYRIAC", "MONGOLIAN",
)  # fmt: skip


class Speller:
    """Writes texts so that a page shows all of them, and counts what it could only name.

    Args:
        known: whether some font has this character.
        plain: replacements made first, for fonts that lack common signs.
    """

    def __init__(self, known: Callable[[str], bool], plain: dict[int, str] | None = None) -> None:
        self._known = known
        self._plain = plain or {}
        self.lost: Counter[str] = Counter()
        """Characters without a glyph, by the script that their name begins with."""

    def spell(self, text: str) -> str:
        """``text`` with each character that cannot be seen as ``[U+XXXX]``; such a mark in the text itself is broken
        up as ``[U+005B]U+…``, so that nobody can forge one."""
        text = text.replace("\r\n", "\n").translate(self._plain).replace("\t", "    ")
        parts: list[str] = []
        for kind, group in itertools.groupby(text, self._kind):
            run = "".join(group)
            if kind == "tag":
                parts.append(f"[tags: {hidden.untagged(run)}]")
            elif kind == "named":
                parts += [_name(character) for character in run]
            elif kind == "mark":
                parts += run[:_MARKS]
                parts += [_name(character) for character in run[_MARKS:]]
            else:
                parts.append(run.replace("[U+", "[U+005B]U+").replace("[tags:", "[U+005B]tags:"))
        return "".join(parts)

    def _kind(self, character: str) -> str:
        if character == "\n":
            return "plain"
        kind = hidden.kind(character)
        if kind != "plain":
            return "tag" if kind == "tag" else "named"
        if not self._known(character):
            self.lost[unicodedata.name(character, "UNNAMED").split()[0].split("-")[0]] += 1
            return "named"
        return "mark" if unicodedata.category(character) == "Mn" else "plain"


def _name(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def is_complex(line: str) -> bool:
    """Whether letters of the line join, stack or run from right to left, so that they need shaping."""
    if line.isascii():
        return False
    return any(
        unicodedata.bidirectional(character) in _COMPLEX
        or (unicodedata.combining(character) and character > "\u036f")
        or unicodedata.name(character, "").startswith(_SHAPED)
        for character in line
        if character > "\u02ff"
    )
