"""Text written backwards or with letters shifted in the alphabet (ROT13 and every other Caesar shift, Atbash)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.inspection.interface import View
from bartizan.inspection.views.markers import Marker, markers, mirrored, shifted, stretches
from bartizan.inspection.views.source import Piece, ScatteredView, Source, derive, splice

_AROUND = 400
_WORD = re.compile(r"\w+")


def undo_shift(source: Source) -> Iterator[View]:
    """One view for each shift that a marker shows, of the surroundings of the markers."""
    by_shift: dict[int, list[Marker]] = {}
    for marker in markers(source.folded.text):
        if marker.kind == "caesar":
            by_shift.setdefault(marker.shift, []).append(marker)
    for shift, found in by_shift.items():
        pieces = [
            Piece(start, end, shifted(source.cased.text[start:end], -shift))
            for start, end in _stretches(source.cased, found)
        ]
        view = splice(source.cased, "rot13" if shift == 13 else "caesar", pieces, 0)
        if view is not None:
            yield view


def undo_atbash(source: Source) -> Iterator[View]:
    """The surroundings of the markers with the alphabet turned round."""
    found = [marker for marker in markers(source.folded.text) if marker.kind == "atbash"]
    text = source.cased.text
    pieces = [Piece(start, end, mirrored(text[start:end])) for start, end in _stretches(source.cased, found)]
    view = splice(source.cased, "atbash", pieces, 0)
    if view is not None:
        yield view


def undo_reversal(source: Source) -> Iterator[View]:
    """The surroundings of the markers read backwards: as a whole, and word by word."""
    view = source.cased
    ranges = _stretches(view, [marker for marker in markers(source.folded.text) if marker.kind == "reversed"])
    if not ranges:
        return
    whole: list[int] = []
    for start, end in ranges:
        whole.extend(range(end - 1, start - 1, -1))
    yield _scattered(view, "reversed", whole)
    each: list[int] = []
    for start, end in ranges:
        at = start
        for word in _WORD.finditer(view.text, start, end):
            each.extend(range(at, word.start()))
            each.extend(range(word.end() - 1, word.start() - 1, -1))
            at = word.end()
        each.extend(range(at, end))
    yield _scattered(view, "reversed_words", each)


def _scattered(view: View, name: str, places: list[int]) -> View:
    text = "".join(map(view.text.__getitem__, places))
    plain = derive(view, name, text, places, places[-1], len(places))
    return ScatteredView(plain.name, plain.text, plain.offsets, plain.changed)


def _stretches(view: View, found: list[Marker]) -> list[tuple[int, int]]:
    return stretches([(marker.start, marker.end) for marker in found], len(view.text), _AROUND)
