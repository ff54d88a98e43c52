"""What families without streams of text have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bartizan.core.errors import UpstreamError
from bartizan.core.passage import Path
from bartizan.firewall.dialects.openai_errors import error_event
from bartizan.firewall.exchange import Channel, Document, StreamEvent


class StreamlessReader:
    """Refuses every event.

    Args:
        family: named in the error.
        error: the error event of a message and a request id, on which the family's SDK raises ``APIError``.
    """

    def __init__(self, family: str, error: Callable[[str, str], bytes] = error_event) -> None:
        self._family = family
        self._error = error

    def read(self, name: str, data: str) -> StreamEvent:
        """Raises UpstreamError, always."""
        raise UpstreamError(f"the upstream streams an answer to {self._family}, which have no streams")

    def delta(self, channel: Channel, text: str) -> bytes:
        """Raises UpstreamError, always: there is nothing to extend."""
        raise UpstreamError(f"{self._family} have no streams")

    def encode(self, event: StreamEvent) -> bytes:
        """Raises UpstreamError, always: there are no events."""
        raise UpstreamError(f"{self._family} have no streams")

    def blocked(self, message: str, request_id: str) -> bytes:
        """The error event."""
        return self._error(message, request_id)

    def short(self, shown: Mapping[Channel, str]) -> bytes:
        """Raises UpstreamError, always: there is nothing to end."""
        raise UpstreamError(f"{self._family} have no streams")


class Numbers:
    """What dialects have in common whose answers hold numbers: there is no text at which one could end."""

    def shorten(self, document: Document, path: Path) -> None:
        """Nothing."""
