"""What one room needs of another, as Protocols; ``app.py`` hands the implementations in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from bartizan.core.event import Event
from bartizan.core.passage import Passage, Surface
from bartizan.core.signal import Signal
from bartizan.core.verdict import Coverage, Uncovered, Verdict


class Inspector(Protocol):
    """Text to signals."""

    def inspect(self, text: str, surface: Surface) -> tuple[Signal, ...]:
        """Signals of every detector that serves ``surface``, sorted by span; spans refer to ``text``."""
        ...


class Seen(NamedTuple):
    """The signals of one passage, read as one surface."""

    passage: Passage
    surface: Surface
    signals: Sequence[Signal]


class Judge(Protocol):
    """Signals to a verdict."""

    def decide(self, seen: Sequence[Seen], coverage: Coverage) -> Verdict:
        """The strictest action any rule asks for; ties go to the rule that policy names first."""
        ...


class Reader(Protocol):
    """Passages to a verdict: inspection and policy together."""

    def inspect_passages(self, passages: Iterable[Passage], uncovered: Sequence[Uncovered] = ()) -> Verdict:
        """Judge each passage as all of its surfaces; ``uncovered`` is what no guard reads."""
        ...


class Recorder(Protocol):
    """Events to the journal."""

    def append(self, event: Event) -> None:
        """Write one record; it survives the death of the process. Raises JournalError when it cannot be kept."""
        ...

    async def commit(self) -> None:
        """Return once everything appended so far is as durable as the journal's setting promises."""
        ...
