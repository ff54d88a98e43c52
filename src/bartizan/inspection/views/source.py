"""What a transformation reads and how it says what it undid."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from bartizan.core.signal import Span
from bartizan.inspection.interface import View
from bartizan.inspection.views.casing import recase


class Source:
    """A text in the forms that transformations read.

    Args:
        raw: as it came (or as it was decoded): every character still there.
        folded: folded, with offsets in the original text: what spelling transformations read.
        folding: the folding of ``raw.text``, with offsets in it.
        context: see ``Limits.context``.
    """

    def __init__(self, raw: View, folded: View, folding: View, context: int) -> None:
        self.raw = raw
        self.folded = folded
        self.context = context
        self._folding = folding

    @cached_property
    def cased(self) -> View:
        """Folded but for the case, because encodings are case-sensitive: what decoders read."""
        raw = self.raw
        if raw.text.isascii():
            return raw
        text = self._folding.text
        if raw.text.lower() == raw.text:
            return renamed(self.folded, raw.name)
        places = self._folding.offsets
        shown = raw.text if places is None else "".join(map(raw.text.__getitem__, places[: len(text)]))
        return renamed(msgspec.structs.replace(self.folded, text=recase(text, shown)), raw.name)


class Piece(NamedTuple):
    """``source[start:end]`` really says ``text``."""

    start: int
    end: int
    text: str
    offsets: Sequence[int] | None = None
    """For each character of ``text``, where it comes from in the source; None: one for one, or all from ``start``
    when the lengths differ."""


class ScatteredView(View, frozen=True):
    """A view whose characters stand in another order than in the original (reversed text).

    Its offsets may decrease; a span reaches from the leftmost to the rightmost character.
    """

    def origin(self, start: int, end: int) -> Span:
        """The smallest original span that holds every character of ``text[start:end]``."""
        assert self.offsets is not None
        if end <= start:
            return Span(self.offsets[start], self.offsets[start])
        places = self.offsets[start:end]
        return Span(min(places), max(places) + 1)


def derive(base: View, name: str, text: str, places: Sequence[int], end: int, changed: int) -> View:
    """A view of ``text``, whose characters come from ``places`` in ``base``, that ends at ``end`` there."""
    label = _label(base, name)
    if base.offsets is None:
        offsets = array("I", places)
        offsets.append(end)
    else:
        offsets = array("I", map(base.offsets.__getitem__, places))
        offsets.append(base.offsets[end])
    kind = ScatteredView if isinstance(base, ScatteredView) else View
    return kind(label, text, offsets, changed)


def _label(base: View, name: str) -> str:
    return name if base.name in ("original", "folded") else f"{base.name.removesuffix('>folded')}>{name}"


def splice(base: View, name: str, pieces: Iterable[Piece], context: int) -> View | None:
    """``base`` with each piece in place and ``context`` characters around; distant groups are parted by a line break.

    Pieces come in order and do not overlap. None if there are none.
    """
    source = base.text
    origins: Sequence[int] = range(len(source) + 1) if base.offsets is None else base.offsets
    out: list[str] = []
    places = array("I")
    done = -1
    placed = 0  # up to where, in the source, ``places`` says where the characters of ``out`` come from
    changed = 0
    for start, end, text, offsets in pieces:
        begin = max(0, start - context)
        if done < 0:
            done = placed = begin
        elif done + context < begin:
            out.append(source[done : done + context] + "\n")
            places.extend(origins[placed : done + context + 1])
            done = placed = begin
        if done != start:
            out.append(source[done:start])
        out.append(text)
        if offsets is not None or len(text) != end - start:
            places.extend(origins[placed:start])
            if offsets is not None:
                places.extend(map(origins.__getitem__, offsets))
            else:
                places += array("I", (origins[start],)) * len(text)
            placed = end
        done = end
        changed += end - start
    if done < 0:
        return None
    until = min(len(source), done + context)
    out.append(source[done:until])
    places.extend(origins[placed : until + 1])
    kind = ScatteredView if isinstance(base, ScatteredView) else View
    return kind(_label(base, name), "".join(out), places, changed)


def renamed(view: View, name: str) -> View:
    """The same view under another name."""
    return msgspec.structs.replace(view, name=name)
