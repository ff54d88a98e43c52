"""Finds known values in any view of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Final

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.interface import Extent, Partial, Pattern, View
from bartizan.inspection.known_values.canonical import MOST_GROUPS, Place, addresses, numbers
from bartizan.inspection.known_values.sets import KnownSet
from bartizan.inspection.patterns import texts_of
from bartizan.inspection.personal_data import PERSONAL_DATA_VIEWS_SKIPPED

MOST_CANDIDATES: Final = 50_000
"""Forms of one text that are digested; a fifth of a second. Beyond, the text counts as unread."""


def _reach(name: str, extent: Extent, length: int) -> Pattern:
    return Pattern(
        id=f"known_{name}",
        guard=Guard.KNOWN_VALUE,
        threat=Threat.DATA_LEAKAGE,
        technique="personal_data_disclosure",
        regex=r"\bknown\b",
        extent=extent,
        max_length=length,
    )


class KnownValuesDetector:
    """One or more sets of known values.

    Args:
        sets: each names its signals.
    """

    id = "known_values"
    guard = Guard.KNOWN_VALUE
    surfaces = frozenset(Surface)
    patterns = (_reach("address", Extent.TOKEN, 320), _reach("number", Extent.GROUPS, MOST_GROUPS * 51))
    """How far a value reaches, for streams; values are found by digest, not by these."""

    def __init__(self, sets: Sequence[KnownSet]) -> None:
        self._sets = tuple(sets)

    def detect(self, views: Sequence[View], surface: Surface) -> Sequence[Signal]:
        """One signal for each value and place; spans in the original text."""
        out: list[Signal] = []
        told: set[tuple[str, int, int]] = set()
        left = MOST_CANDIDATES
        for view, text in texts_of(views):
            if view.name != "original" and not PERSONAL_DATA_VIEWS_SKIPPED.isdisjoint(view.name.split(">")):
                continue
            for known in self._sets:
                done = 0
                for place in _candidates(text, known.lengths):
                    left -= 1
                    if left < 0:
                        return Partial(out, (f"more than {MOST_CANDIDATES:,} candidates for known values",))
                    if place.start >= done and place.form in known:
                        done = place.end
                        span = view.origin(place.start, place.end)
                        if (known.name, span.start, span.end) not in told:
                            told.add((known.name, span.start, span.end))
                            out.append(self._signal(known.name, view, place))
        return out

    def _signal(self, name: str, view: View, place: Place) -> Signal:
        return Signal(
            detector=self.id,
            guard=self.guard,
            threat=Threat.DATA_LEAKAGE,
            technique="personal_data_disclosure",
            score=1.0,
            span=view.origin(place.start, place.end),
            view=view.name,
            rule=name,
            severity=Severity.HIGH,
        )


def _candidates(text: str, lengths: frozenset[int]) -> Iterator[Place]:
    """In the order in which they begin, the longest first; an address is not read as the numbers in it."""
    return merge(addresses(text), numbers(text, lengths), key=lambda place: (place.start, -place.end))
