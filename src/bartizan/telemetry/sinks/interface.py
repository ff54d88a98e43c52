"""What a sink is: it takes a batch of records to one receiver, and says what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from bartizan.core.errors import BartizanError


class Item(NamedTuple):
    """One record on its way."""

    id: str
    """Of the event; a receiver that gets a record twice knows it by this."""
    kind: str
    at: datetime
    """With its time zone."""
    action: str
    """What happened to the request; empty for other records."""
    texts: list[bytes]
    """What is sent for it: texts without line feeds, or messages of a binary protocol; possibly none."""
    line: bytes
    """The line of the journal, for the dead letter."""


class Outcome(NamedTuple):
    """What became of a batch that arrived."""

    rejected: Mapping[int, str] = {}
    """Why the receiver will never take an item, by its place in the batch."""
    again: Sequence[int] = ()
    """Places of items that the receiver could not take now."""


class SinkError(BartizanError):
    """A batch did not arrive, or nobody knows; all of it is sent again.

    Args:
        wait: seconds for which the receiver asked to be left alone.
    """

    def __init__(self, cause: str, hint: str = "", *, wait: float = 0.0) -> None:
        super().__init__(cause, hint)
        self.wait = wait


class RefusedError(BartizanError):
    """The receiver does not take this batch because of what is in it; halves of it are tried, then single records."""


class Sink(Protocol):
    """One receiver. Used by one task at a time."""

    async def send(self, items: Sequence[Item]) -> Outcome:
        """Return once the receiver has the batch. May be cancelled.

        Raises:
            SinkError: it did not arrive.
            RefusedError: the receiver does not take it.
        """
        ...

    async def idle(self) -> None:
        """Called about once a second while there is nothing to send; seldomer if records linger. Raises SinkError."""
        ...

    async def close(self) -> None:
        """Let go of the receiver."""
        ...
