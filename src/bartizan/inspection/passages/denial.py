"""Sentences, and the words that turn one into a denial."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(r"[.!?;。！？](?=\s)|\n")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
DENIALS: Final = frozenset(
    """not no never false untrue incorrect wrong myth cannot can't isn't aren't doesn't don't won't refuse contrary
    mistaken hoax rumour rumor nicht kein keine falsch unwahr irrtum niet geen onjuist faux inexact pas aucun jamais
    falso falsa nunca incorrecto errado errada não non sbagliato mai ikke falskt fel nie nieprawda
    claim claims claimed claiming alleged allegedly supposedly angeblich behauptet""".split()  # noqa: SIM905 - readable
)
"""Words of denial, and of report, in the larger languages of Europe."""
_BACK: Final = re.compile(
    r"\s*(?:but |however,? )?(?:that|this|it|they|das|dies|es|c'est|cela|ceci|eso|esto|isso)\b", re.IGNORECASE
)
"""How a sentence begins that speaks of the one before."""


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence, or the sentences, in which ``text[start:end]`` stands."""
    first = 0
    for match in _END.finditer(text, 0, start + 1):
        if match.end() <= start:
            first = match.end()
    last = _END.search(text, max(end - 1, 0))
    return first, last.end() if last else len(text)


def after(text: str, end: int) -> int:
    """Where the sentence ends that follows the one in which ``text[:end]`` ends; past the text if that is not known."""
    marks = [match.end() for match in _END.finditer(text, max(end - 1, 0))][:2]
    return marks[1] if len(marks) == 2 else len(text) + 1


def ends(text: str) -> list[int]:
    """Where sentences end that are complete."""
    return [match.end() for match in _END.finditer(text)]


def denied(text: str, start: int, end: int) -> bool:
    """Whether a word of denial stands in the sentence around ``text[start:end]``, outside of it, or in the next one if
    that speaks of it ("That is wrong.")."""
    first, last = around(text, start, end)
    said = f"{text[first:start]} {text[end:last]}"
    if _BACK.match(text, last):
        said += " " + text[last : after(text, end)]
    return not DENIALS.isdisjoint(_WORD.findall(said.casefold().replace("\u2019", "'")))
