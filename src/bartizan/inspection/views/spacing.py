"""Letter-spacing: words whose letters are parted by spaces or marks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, pairwise

import re2

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import Piece, Source, splice
from bartizan.inspection.views.vocabulary import segment

_GAP = r"[ \t\r\n.\-_*|/,+~'\"`^\\:;?!()·•]{1,6}"
_RUN = re2.compile(rf"[\pL\pN@$!|](?:{_GAP}[\pL\pN@$!|]){{3,}}")
_STEP = re.compile(r"([\w@$!|])([^\w@$!|]*_*[^\w@$!|]*)")
_LEAST = 4
_SPACES = re.compile(r"\s{2,}")
_LONGEST_WORD = 20
"""Where wider gaps part words no longer than this, nothing is left for the vocabulary to part."""
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
        steps = _STEP.findall(text, start, end)
        if start and text[start - 1].isalnum():
            start += sum(map(len, steps[0]))
            del steps[0]
        if steps and text[end : end + 1].isalnum():
            del steps[-1]
        if len(steps) < _LEAST:
            continue
        letters, gaps = zip(*steps, strict=True)
        if sum(map(str.isalpha, letters)) * 3 >= len(letters):
            yield _collapse(letters, gaps[:-1], start)


def _collapse(letters: tuple[str, ...], gaps: tuple[str, ...], start: int) -> Piece:
    """Letter ``i`` and, but for the last one, the gap after it; the first letter stands at ``start``."""
    places = list(accumulate((len(gap) + 1 for gap in gaps), initial=start))
    usual = Counter(gaps).most_common(1)[0][0]
    wider = {gap for gap in set(gaps) - {usual} if len(gap) > len(usual) or gap.isspace() or not usual.isspace()}
    row = "".join(letters)
    plain: list[str] = []
    offsets: list[int] = []
    begin = 0
    borders = [index + 1 for index, gap in enumerate(gaps) if gap in wider] if wider else []
    words = [row[first:last] for first, last in pairwise([0, *borders, len(row)])]
    whole = len(words) > 1 and max(map(len, words)) <= _LONGEST_WORD
    for word in words:
        if plain:
            before, after = _marks(gaps[begin - 1], usual)
            plain += before, " ", after
            offsets += [offsets[-1]] * (len(before) + 1) + [places[begin]] * len(after)
        for number, part in enumerate((word,) if whole else _parted(word)):
            if number:
                plain.append(" ")
                offsets.append(offsets[-1])
            plain.append(part)
            offsets += places[begin : begin + len(part)]
            begin += len(part)
    return Piece(places[0], places[-1] + 1, "".join(plain), offsets)


def _marks(gap: str, usual: str) -> tuple[str, str]:
    """Punctuation in a gap between words: what ends the first and what begins the second one."""
    if not usual.isspace():
        return "", ""
    first, _, second = gap.partition(max(_SPACES.findall(gap), key=len, default="") or " ")
    return "".join(first.split()), "".join(second.split())


def _parted(word: str) -> tuple[str, ...]:
    if len(word) <= _UNPARTED:
        return (word,)
    found = segment(word)
    return found.words if found.known * 2 >= len(word) else (word,)
