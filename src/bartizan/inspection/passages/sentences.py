"""Sentences, and the words that turn one into a denial."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(r"[.!?;。！？](?=\s)|\n")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
DENIALS: Final = frozenset(
    """not no never false untrue incorrect wrong myth cannot can't isn't aren't doesn't don't won't refuse contrary
    mistaken hoax rumour rumor nicht kein keine falsch unwahr irrtum niet geen onjuist faux inexact pas aucun jamais
    falso falsa nunca incorrecto errado errada não non sbagliato mai ikke falskt fel nie nieprawda""".split()  # noqa: SIM905 - readable
)
"""Words of denial in the larger languages of Europe."""


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence, or the sentences, in which ``text[start:end]`` stands."""
    first = 0
    for match in _END.finditer(text, 0, start + 1):
        if match.end() <= start:
            first = match.end()
    last = _END.search(text, max(end - 1, 0))
    return first, last.end() if last else len(text)


def ends(text: str) -> list[int]:
    """Where sentences end that are complete."""
    return [match.end() for match in _END.finditer(text)]


def denied(text: str, start: int, end: int) -> bool:
    """Whether a word of denial stands in the sentence around ``text[start:end]``, outside of it."""
    first, last = around(text, start, end)
    words = _WORD.findall(f"{text[first:start]} {text[end:last]}".casefold().replace("\u2019", "'"))
    return not DENIALS.isdisjoint(words)
