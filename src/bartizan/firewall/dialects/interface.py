"""What an API family must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bartizan.core.passage import Path
from bartizan.firewall.exchange import ApiFamily, Channel, Document, Reply, Request, Slot, StreamEvent


class StreamReader(Protocol):
    """Reads one response stream; holds what the protocol needs remembered between events."""

    def read(self, name: str, data: str) -> StreamEvent:
        """One SSE event (its ``event:`` field and joined ``data:``). Raises UpstreamError for an unknown shape."""
        ...

    def delta(self, channel: Channel, text: str) -> bytes:
        """An SSE event that extends ``channel`` by ``text``, shaped like the upstream's own last delta of it.

        Sequence numbers (Responses API) are renumbered by the reader on every event it encodes.
        """
        ...

    def encode(self, event: StreamEvent) -> bytes:
        """The event as SSE bytes, from its (edited) document; the ``[DONE]`` sentinel for a document of None."""
        ...

    def blocked(self, message: str, request_id: str) -> bytes:
        """The SSE error event that ends a stream in which a hit was blocked; no ``[DONE]`` follows."""
        ...

    def short(self, shown: Mapping[Channel, str]) -> bytes:
        """The events that end a stream whose answer is longer than allowed, as when its tokens were used up.

        Args:
            shown: what has left, by channel.
        """
        ...


class Dialect(Protocol):
    """One API family."""

    family: ApiFamily

    def request(self, document: Document) -> Request:
        """Validate and take apart. Raises WireError, naming the path, for anything of unknown shape."""
        ...

    def reply(self, document: Document, request: Request) -> Reply:
        """A complete response. Raises UpstreamError for a document that is not of this family."""
        ...

    def reader(self, request: Request) -> StreamReader:
        """A reader for one response stream."""
        ...

    def shorten(self, document: Document, path: Path) -> None:
        """Let a complete answer end with the text at ``path``, in place, as when its tokens were used up: what comes
        after it is taken out."""
        ...

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """A complete, successful-looking answer that says ``message`` and ends as a refusal (``content_filter``,
        ``refusal``), so that SDKs do not raise."""
        ...

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The same as a whole SSE stream."""
        ...

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """An error object of this family, such as OpenAI's ``{"error": {...}}``."""
        ...


__all__ = ["Dialect", "Slot", "StreamReader"]
