"""Texts in a stream that nobody described, and that may arrive in pieces.

Whoever reads an unknown string field of a delta will join its pieces, so they are inspected joined: each such field is
a channel, and an event that extends it is built from what stood around its first piece.
"""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.core.errors import UpstreamError
from bartizan.core.passage import Path, render_path
from bartizan.firewall.dialects.structure import skeleton
from bartizan.firewall.documents import KEY, set_value
from bartizan.firewall.exchange import Channel, ChannelKind, Document, Slot


class Pieces:
    """The unnamed channels of one stream."""

    def __init__(self) -> None:
        self._templates: dict[Channel, tuple[str, Document, Path]] = {}

    def take(self, slots: Iterable[Slot], document: Document, *, name: str, choice: int, depth: int) -> list[Slot]:
        """The slots as deltas.

        Args:
            slots: unnamed texts of ``document``.
            document: the event they stand in.
            name: the event's name.
            choice: the choice or output they belong to.
            depth: how many leading steps of their paths lead to the delta and may change from event to event.

        Raises:
            UpstreamError: a key arrives as text of a delta; keys cannot be joined.
        """
        deltas = []
        for slot in slots:
            if str(slot.path[-1]).startswith(KEY):
                raise UpstreamError("the upstream sent text as the name of an unknown field")
            channel = Channel(choice, f"{name}@{render_path(slot.path[depth:])}", ChannelKind.TEXT)
            if channel not in self._templates:
                self._templates[channel] = (name, *skeleton(document, slot.path))
            deltas.append(Slot(channel, slot.text, slot.path))
        return deltas

    def event(self, channel: Channel, text: str) -> tuple[str, Document] | None:
        """Name and document of an event that extends ``channel``; None if it is a named one. Encode it at once: the
        document is reused."""
        if (known := self._templates.get(channel)) is None:
            return None
        name, document, path = known
        set_value(document, path, text)
        return name, document
