"""What travels from a match to a finding."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.detections.sigma.model import Level, Scalar


class Ref(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which event."""

    id: str | int | float
    """As the event says it; its line number where it says none."""
    line: int
    """Position in its file, from 1; the number of the event in a stream."""


class Hit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A match of a rule that a correlation looks at: an event, or a finding of another correlation."""

    time: int
    """Microseconds since 1970."""
    seq: int
    """Unique: two rules that match one event make hits of the same number."""
    slot: int
    """Position of the rule among those the correlation refers to."""
    refs: tuple[Ref, ...]
    """Of a finding, all the events behind it."""
    total: int
    """How many events there are behind it; more than ``refs`` where those were cut."""
    fields: dict[str, tuple[Scalar, ...]]
    """What correlations further up want to know of it."""


class Window(msgspec.Struct, frozen=True):
    """Where a correlation looked; both ends belong to it. ISO 8601 in UTC."""

    start: str
    end: str


class Measure(msgspec.Struct, frozen=True):
    """What a correlation measured."""

    name: str
    value: int | float


class RuleName(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a rule is called."""

    title: str
    id: str = ""
    name: str = ""


class RuleFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A rule matched. The same events and rules give the same ids, however often they are read."""

    id: str
    rule: RuleName
    level: Level
    tags: tuple[str, ...]
    at: str
    """Time of the event that completed it, ISO 8601 in UTC; empty for an event without a usable time."""
    events: tuple[str | int | float, ...]
    """Ids of the events that make it, in order of time, the completing ones last."""
    lines: tuple[int, ...]
    """Where they stand, in the same order."""
    completed_by: tuple[str | int | float, ...]
    """Ids of the events at the very moment it was complete; one, unless several share it."""
    total: int
    """How many events make it; more than ``events`` where those were cut to the newest."""
    group: dict[str, Scalar] = {}
    """Values of ``group-by``, as the newest event spells them."""
    window: Window | None = None
    measure: Measure | None = None

    def plain(self) -> dict[str, Any]:
        """For JSON: without what a rule on single events has no use for."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        if self.window is None:
            for key in ("group", "window", "measure"):
                del document[key]
        return document
