"""Finds passages in whatever spelling.

Only letters and digits count, so that case, spaces, marks, line breaks and look-alike digits change nothing; backwards
and in ROT13; and in the views that undo encodings.

Hidden instructions are found by any run of `WINDOW` letters, about six words: long enough that no answer shares it by
chance, short enough that a sentence of them cannot be handed out. A statement is found as a whole, and only where it is
made: where it is denied it is passed over.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.canaries import Canonical
from bartizan.inspection.interface import Pattern, View
from bartizan.inspection.passages.denial import after, denied, ends

WINDOW: Final = 30
"""Letters in a row that give hidden instructions away; they score a half, twice as many and more score one."""
SHORTEST: Final = 16
"""Letters that a passage must have."""
MOST_TEXT: Final = 50_000
"""Characters of a passage that are looked for."""
_MOST_PLACES: Final = 64
"""At which one piece of a passage may stand; a text that says the same more often says little."""
_MOST_COMPARED: Final = 1_000_000
"""Letters compared in one text; an answer that repeats a passage of 50,000 once takes a tenth of it."""
_BETWEEN: Final = "\0"


class Passage(NamedTuple):
    """One text."""

    name: str
    text: str
    statement: bool = False
    """It is a statement that nobody may make, and not a text that must stay hidden."""


class _Form(NamedTuple):
    """What a text looks like in one kind of spelling, canonical."""

    whole: str
    """All of it."""
    width: int
    """Letters in a row that count."""
    short: bool
    """The passage has no more."""
    anchors: Mapping[str, tuple[int, ...]]
    """Pieces of ``whole`` at equal distances, of which every run of ``width`` letters holds one, and where they stand:
    a small part of all runs, from which one is told by looking around."""
    anchor: int
    """Letters of such a piece."""


@lru_cache(maxsize=32)
def _forms(text: str, statement: bool) -> tuple[_Form, ...]:
    """As written, backwards and in ROT13; as hexadecimal codes; as decimal ones. None for too short a text."""
    table = Canonical()
    plain = text.translate(table)
    if len(plain) < SHORTEST:
        return ()
    raw = text.encode("utf-8", "replace")
    spelled = (
        (1, (plain, plain[::-1], codecs.encode(text, "rot13").translate(table))),
        (2, (raw.hex().translate(table),)),
        (3, ("".join(str(ord(character)) for character in text).translate(table),)),
    )
    return tuple(
        _form(forms, len(forms[0]) if statement else min(WINDOW * times, len(forms[0]))) for times, forms in spelled
    )


def _form(forms: Sequence[str], width: int) -> _Form:
    whole, anchor = _BETWEEN.join(forms), (width + 1) // 2
    places: dict[str, list[int]] = {}
    begin = 0
    for form in forms:
        for at in range(0, len(form) - anchor + 1, width - anchor + 1):
            found = places.setdefault(form[at : at + anchor], [])
            if len(found) < _MOST_PLACES:
                found.append(begin + at)
        begin += len(form) + 1
    return _Form(whole, width, width >= len(forms[0]), {piece: tuple(found) for piece, found in places.items()}, anchor)


class PassageDetector:
    """Some passages.

    Args:
        passages: those shorter than `SHORTEST` letters are passed over.
    """

    id = "passages"
    guard = Guard.PASSAGE
    surfaces = frozenset({Surface.OUTPUT})
    patterns: tuple[Pattern, ...] = ()

    def __init__(self, passages: Iterable[Passage] = ()) -> None:
        self._table = Canonical()
        self._passages = [(one, form) for one in passages for form in _forms(one.text[:MOST_TEXT], one.statement)]
        self._statements = any(one.statement for one, _ in self._passages)

    def more(self, passages: Iterable[Passage]) -> PassageDetector:
        """A detector of these and further passages."""
        out = PassageDetector(passages)
        out._passages = [*self._passages, *out._passages]
        out._statements = out._statements or self._statements
        return out

    def __bool__(self) -> bool:
        return bool(self._passages)

    def regions(self, text: str) -> list[tuple[int, int]]:
        """Ranges of ``text`` that belong to a passage, or may when more text arrives; see `CanaryDetector.regions`.

        What follows a statement may still deny it, so that sentences are kept whole where there are any.
        """
        canonical = text.translate(self._table)
        found: list[tuple[int, int]] = []
        said: list[tuple[int, int]] = []
        for passage, form in self._passages:
            runs = _runs(canonical, form)
            found += runs
            if passage.statement:
                said += runs
            if (open_at := _open(canonical, form)) < len(canonical):
                found.append((open_at, len(canonical) + 1))
        offsets = self._offsets(text) if found else []
        out = [(offsets[s], len(text) + 1 if e >= len(canonical) else offsets[e - 1] + 1) for s, e in found]
        if self._statements:
            marks = [0, *ends(text), len(text) + 1]
            out += [(start, end) for start, end in pairwise(marks) if start < len(text)]
            out += [(offsets[s], after(text, offsets[e - 1] + 1)) for s, e in said]
        return out

    def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
        """One signal for each passage and place; spans in the original text."""
        out: list[Signal] = []
        told: set[tuple[str, int, int]] = set()
        for position, view in enumerate(views):
            if position and view.name == "folded" and view.changed == 0:
                continue
            for passage, start, end, score in self._places(view.text):
                span = view.origin(start, end)
                key = (passage.name, span.start, span.end)
                if key not in told:
                    told.add(key)
                    out.append(self._signal(passage, view, start, end, score))
        return out

    def _places(self, text: str) -> Iterator[tuple[Passage, int, int, float]]:
        canonical = text.translate(self._table)
        offsets: list[int] = []
        for passage, form in self._passages:
            for first, last in _runs(canonical, form):
                offsets = offsets or self._offsets(text)
                start, end = offsets[first], offsets[last - 1] + 1
                if not passage.statement:
                    yield passage, start, end, 1.0 if form.short else min(1.0, (last - first) / (2 * form.width))
                elif not denied(text, start, end):
                    yield passage, start, end, 1.0

    def _offsets(self, text: str) -> list[int]:
        table = self._table
        return [index for index, character in enumerate(text) if table[ord(character)] is not None]

    def _signal(self, passage: Passage, view: View, start: int, end: int, score: float) -> Signal:
        return Signal(
            detector=self.id,
            guard=self.guard,
            threat=Threat.PROMPT_INJECTION if passage.statement else Threat.DATA_LEAKAGE,
            technique="false_assertion" if passage.statement else "system_prompt_disclosure",
            score=score,
            span=view.origin(start, end),
            view=view.name,
            rule=passage.name,
            severity=Severity.HIGH,
        )


def _runs(canonical: str, form: _Form) -> list[tuple[int, int]]:
    """Where ``form.width`` letters in a row of the passage stand, and more; joined where they overlap."""
    found: list[tuple[int, int]] = []
    done: dict[int, int] = {}
    left = _MOST_COMPARED
    for at in range(len(canonical) - form.anchor + 1):
        if left <= 0:  # texts of a few letters, over and over: what is left unread counts as found
            found.append((at, len(canonical)))
            break
        for place in form.anchors.get(canonical[at : at + form.anchor], ()):
            if done.get(at - place, -1) > at:
                continue
            first, last = _around(canonical, at, form.whole, place, form.anchor)
            done[at - place] = last
            left -= last - first
            if last - first >= form.width:
                found.append((first, last))
    runs: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if runs and first <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    return runs


def _around(text: str, at: int, whole: str, place: int, length: int) -> tuple[int, int]:
    """How far the letters around a common piece are the same; no text of letters holds what parts the forms."""
    before = 0
    while before < min(at, place) and text[at - before - 1] == whole[place - before - 1]:
        before += 1
    after = length
    most = min(len(text) - at, len(whole) - place)
    while after < most and text[at + after] == whole[place + after]:
        after += 1
    return at - before, at + after


def _open(canonical: str, form: _Form) -> int:
    """Where the longest end of the text begins that may still become one."""
    low, high = max(0, len(canonical) - form.width + 1), len(canonical)
    while low < high:  # an end that may not, may not with more before it either
        middle = (low + high) // 2
        if canonical[middle:] in form.whole:
            high = middle
        else:
            low = middle + 1
    return low
