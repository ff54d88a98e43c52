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
    for match in _WORD.finditer(folded):
        start, end = match.span()
        if (start and folded[start - 1].isalpha()) or folded[end : end + 1].isalpha():
            continue
        word = match.group()
        if len(word) < _SHORTEST:
            continue
        mixed = _LATIN.search(word) is not None
        shown = cased[start:end]
        if shown == word:
            plain = word.translate(_PLAIN)
        else:
            plain = "".join(
                CAPITAL_CONFUSABLES.get(look) or CONFUSABLES.get(char, char)
                for look, char in zip(shown, word, strict=True)
            )
        if mixed or plain in WORDS:
            yield Piece(start, end, plain)
