"""Words broken by marks, marks in place of spaces, and words without spaces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import NamedTuple

import re2

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import Piece, Source, splice
from bartizan.inspection.views.vocabulary import WORDS, segment

_MARK = r"[-_.*|~^+/\\·•,;:?!'\"`()\[\]{}]"
_JOINT = re.compile(rf"{_MARK}(?<=[^\W\d_].){_MARK}{{0,4}}+[^\W\d_]++")
"""Marks between letters, and the letters behind them. Marks are rarer than words: from them, a token is found
fastest."""
_TWO_PARTS = re.compile(r"[^\W\d_]+([^\w']|_)[^\W\d_]+")
_PART = re.compile(r"[^\W\d_]+")
_CONTRACTION = re.compile(r"[^\W\d_]+'[^\W\d_]+")
_LONG_WORD = re.compile(r"[^\W\d_][^\W\d_]{3,}")
_LONG = re2.compile(r"[a-z]{15,}")
_JOINING = frozenset("-_.*|~^+/\\·•")
_SHORTEST = 4
_FEWEST_SPLIT = 4
"""Words parted in two by the same mark that, if most of a text's long words are, need no vocabulary to be joined."""
_SENTENCE = 6
"""Words in a row parted by marks that are a sentence in whatever language, and not one name."""
_MEAN_WORD = 2.5
_LONGEST_PARTS = 64
_MOSTLY = 0.85
_TAG = re2.compile(r"<(?:!--[^<>]{0,200}--|/?[a-z][^<>]{0,200})>")


def undo_word_splitting(source: Source) -> Iterator[View]:
    """``ig-nore``, ``pre.vio.us``: joined where that gives known words, or where most long words are split so.
    ``ignore_all_rules``: marks become spaces, between known words or in long rows of any."""
    text = source.folded.text
    view = splice(source.folded, "word_splitting", _pieces(text), source.context)
    if view is not None:
        yield view


class _Reading(NamedTuple):
    """What a token says, and where in the token each character of that comes from."""

    text: str
    places: list[int]


def _pieces(text: str) -> Iterator[Piece]:
    """Tokens are read once each, however often they stand in the text."""
    spans = list(_tokens(text))
    tokens = Counter(text[start:end] for start, end in spans)
    habit = _habit(text, tokens)
    readings = {token: _read(token, habit) for token in tokens}
    if not any(readings.values()):
        return
    for start, end in spans:
        if reading := readings[text[start:end]]:
            yield Piece(start, end, reading.text, [start + place for place in reading.places])


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    """Where runs of letters stand that only marks part, in linear time."""
    first = done = -1
    for match in _JOINT.finditer(text):
        start, end = match.span()
        if start != done:
            if first >= 0:
                yield first, done
            first = _first_letter(text, start)
        done = end
    if first >= 0:
        yield first, done


def _first_letter(text: str, end: int) -> int:
    """Where the run of letters begins that ends at ``end``."""
    start = end
    while start and (char := text[start - 1]).isalnum() and not char.isdecimal():
        start -= 1
    return start


def _read(token: str, habit: frozenset[str]) -> _Reading | None:
    if "'" in token and _CONTRACTION.fullmatch(token):
        return None
    parts = list(_PART.finditer(token))
    if len(parts) > _LONGEST_PARTS:
        return _spaced(parts)
    words = [part.group() for part in parts]
    joined = "".join(words)
    known = sum(word in WORDS for word in words)
    if (joined in WORDS and len(joined) >= _SHORTEST) or (len(words) == 2 and _mark(token) in habit):
        return _Reading(joined, [place for part in parts for place in range(*part.span())])
    if known == len(words) or (len(words) > 2 and known * 2 > len(words)):
        return _spaced(parts) if known > 2 else None
    if len(words) >= _SENTENCE and len(joined) >= _MEAN_WORD * len(words):
        return _spaced(parts)
    if len(joined) >= _SHORTEST and (apart := segment(joined)).known == len(joined):
        return _segmented(apart.words, [place for part in parts for place in range(*part.span())])
    return None


def _habit(text: str, tokens: Counter[str]) -> frozenset[str]:
    """Marks that part so many words in two that it is a habit of the text: as many as its other long words."""
    split: Counter[str] = Counter()
    for token, count in tokens.items():
        if mark := _mark(token):
            split[mark] += count
    most = max(split.values(), default=0)
    if most < _FEWEST_SPLIT:
        return frozenset()
    inside = sum(len(_LONG_WORD.findall(token)) * count for token, count in tokens.items())
    enough = inside + most + 1
    others = sum(1 for _ in islice(_LONG_WORD.finditer(text), enough)) - inside  # a token's letters are whole runs
    return frozenset(mark for mark, count in split.items() if count >= max(_FEWEST_SPLIT, others))


def _mark(token: str) -> str:
    """The single mark that parts a token in two; empty for any other token, and for contractions."""
    match = _TWO_PARTS.fullmatch(token)
    return match[1] if match else ""


def _spaced(parts: list[re.Match[str]]) -> _Reading:
    """Words with a space for the mark that joins most of them, and for other marks of its kind; what else stands
    between them is punctuation and stays."""
    text = parts[0].string
    gaps = [text[one.end() : other.start()] for one, other in pairwise(parts)]
    usual = Counter(mark for gap in gaps for mark in gap if mark in _JOINING).most_common(1)
    plain: list[str] = []
    places: list[int] = []
    for part, gap in zip(parts, [*gaps, ""], strict=True):
        plain.append(part.group())
        places.extend(range(*part.span()))
        if gap:
            between = gap.replace(usual[0][0], " ") if usual else gap
            if len(gap) == 1 and gap in _JOINING:
                between = " "
            if " " not in between and gap != "'":
                between += " "
            plain.append(between)
            places.extend(min(part.end() + index, part.end() + len(gap) - 1) for index in range(len(between)))
    return _Reading("".join(plain), places)


def _segmented(words: tuple[str, ...], letters: list[int]) -> _Reading:
    places: list[int] = []
    at = 0
    for word in words:
        if places:
            places.append(places[-1])
        places.extend(letters[at : at + len(word)])
        at += len(word)
    return _Reading(" ".join(words), places)


def undo_run_together(source: Source) -> Iterator[View]:
    """``ignoreallpreviousinstructions``: parted where known words leave little rest."""
    text = source.folded.text
    pieces = []
    for match in _LONG.finditer(text):
        found = segment(match.group())
        if len(found.words) > 1 and found.known >= _MOSTLY * len(match.group()):
            pieces.append(Piece(*match.span(), *_segmented(found.words, list(range(*match.span())))))
    view = splice(source.folded, "run_together", pieces, source.context)
    if view is not None:
        yield view


def undo_markup(source: Source) -> Iterator[View]:
    """Tags and comments taken out, so that ``ig<b></b>nore`` reads as it is shown."""
    text = source.folded.text
    pieces = (Piece(*match.span(), "") for match in _TAG.finditer(text))
    view = splice(source.folded, "markup", pieces, source.context)
    if view is not None:
        yield view
