"""The stream reader of families that have no streams."""

from __future__ import annotations

from bartizan.core.errors import UpstreamError
from bartizan.firewall.dialects.openai_errors import error_event
from bartizan.firewall.exchange import Channel, StreamEvent


class StreamlessReader:
    """Refuses every event.

    Args:
        family: named in the error.
    """

    def __init__(self, family: str) -> None:
        self._family = family

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
        """An error event on which the SDK raises ``APIError``."""
        return error_event(message, request_id)
