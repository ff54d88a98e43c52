"""What a detector is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Severity, Threat


class View(msgspec.Struct, frozen=True):
    """A canonical form of a text, with the way back to the original."""

    name: str
    """Names the transformation, such as ``original``, ``folded`` or ``base64``; nested ones join with ``>``."""
    text: str
    offsets: Sequence[int] | None = None
    """``offsets[i]`` is the original index of the character that ``text[i]`` came from, ``offsets[len(text)]`` the
    original end; never decreasing. None: same length, index for index."""
    changed: int = 0
    """How many original characters the transformation changed: zero when it found nothing to undo."""

    def origin(self, start: int, end: int) -> Span:
        """The original span behind ``text[start:end]``: from the first character's start to the last one's end."""
        if self.offsets is None:
            return Span(start, end)
        if end <= start:
            return Span(self.offsets[start], self.offsets[start])
        return Span(self.offsets[start], max(self.offsets[end], self.offsets[end - 1] + 1))


class Partial(list[Signal]):
    """Signals of a detector that did not read everything: ``unread`` says why, and policy decides."""

    def __init__(self, signals: Sequence[Signal] = (), unread: tuple[str, ...] = ()) -> None:
        super().__init__(signals)
        self.unread = unread


class Detector(Protocol):
    """One capability of inspection."""

    id: str
    guard: Guard
    surfaces: frozenset[Surface]

    def detect(self, views: Sequence[View], surface: Surface) -> Sequence[Signal]:
        """Signals with spans in the original text, `Partial` where something stayed unread. ``views[0]`` is always the
        original."""
        ...


@runtime_checkable
class ManySurfacesDetector(Detector, Protocol):
    """A detector that reads views once for several surfaces."""

    def detect_on(self, views: Sequence[View], surfaces: Sequence[Surface]) -> Sequence[Sequence[Signal]]:
        """For each surface what ``detect`` would give."""
        ...


class Extent(StrEnum):
    """How far a pattern's match can reach, so that a stream knows what to hold back."""

    TOKEN = "token"  # noqa: S105
    """Lies inside one run without white space."""
    GROUPS = "groups"
    """Lies inside a run of short letter-digit groups (card, IBAN, telephone) parted by single spaces or marks."""
    STEM = "stem"
    """Begins with one of ``stems`` (case-insensitive) and ends within ``max_length`` characters."""
    CONSTRUCT = "construct"
    """A markdown or HTML construct that opens with one of ``stems`` and ends within ``max_length`` characters."""


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """One format that a detector knows, streamable because it says how far it reaches."""

    id: str
    guard: Guard
    threat: Threat
    technique: str
    regex: str
    """RE2 syntax; bounded repetition only. If it has a group named ``hit``, that group is the span."""
    extent: Extent
    max_length: int
    """Characters of the longest match."""
    stems: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    """Every match contains one of them, in any case: the prefilter. Empty: ``stems``, and without those none."""
    apart: bool = False
    """A match that touches more of the same word or number (``_``, or ``-``, ``.``, ``/`` and a further character)
    is a piece of something longer, such as a UUID, and is dropped."""
    severity: Severity = Severity.MEDIUM
    score: float = 1.0
    check: Callable[[str], bool] | None = None
    """Validates the matched text (checksum, entropy); a match that fails it is dropped."""
    replace: Callable[[str], str] | None = None
    """Builds a replacement that keeps the format; None: ``[id]``."""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
