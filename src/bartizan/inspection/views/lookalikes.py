"""Confusables: words in which letters of another script stand for Latin ones (Unicode technical standard 39).

A word is read as Latin if it mixes Latin letters with lookalikes, or if all of its letters are lookalikes and together
they give a known word. All other words keep their script, so that Russian or Greek text is matched as what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.inspection.interface import View
from bartizan.inspection.views.confusable_table import CAPITAL_CONFUSABLES, CONFUSABLE_CLASS, CONFUSABLES
from bartizan.inspection.views.source import Piece, Source, splice
from bartizan.inspection.views.vocabulary import WORDS

_WORD = re.compile(rf"[a-z0-9]*{CONFUSABLE_CLASS}(?:[a-z0-9]|{CONFUSABLE_CLASS})*")
_LATIN = re.compile("[a-z]")
_PLAIN = str.maketrans(dict(CONFUSABLES))
_SHORTEST = 2


def undo_mixed_script(source: Source) -> Iterator[View]:
    """Lookalikes replaced, in the words described above."""
    view = splice(source.folded, "mixed_script", _pieces(source), source.context)
    if view is not None:
        yield view


def _pieces(source: Source) -> Iterator[Piece]:
    folded, cased = source.folded.text, source.cased.text
    known: dict[tuple[str, str], str | None] = {}
    for match in _WORD.finditer(folded):
        start, end = match.span()
        if (start and folded[start - 1].isalpha()) or folded[end : end + 1].isalpha():
            continue
        seen = (match.group(), cased[start:end])
        if seen not in known:
            known[seen] = _read(*seen)
        if (plain := known[seen]) is not None:
            yield Piece(start, end, plain)


def _read(word: str, shown: str) -> str | None:
    """``word`` in Latin letters, if that is what it says; ``shown`` has its capitals."""
    if len(word) < _SHORTEST:
        return None
    if shown == word:
        plain = word.translate(_PLAIN)
    else:
        plain = "".join(
            CAPITAL_CONFUSABLES.get(look) or CONFUSABLES.get(char, char) for look, char in zip(shown, word, strict=True)
        )
    return plain if _LATIN.search(word) is not None or plain in WORDS else None
