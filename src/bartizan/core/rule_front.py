"""Detection rules as an exercise sees them, as a Protocol: records in, alarms out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from bartizan.core.event import Event


class RuleFront(Protocol):
    """Somebody's rules."""

    def alarms(self, records: Iterable[Event]) -> list[tuple[str, ...]]:
        """What the rules find in the records, which are in order of time: for each finding the ids of its records."""
        ...
