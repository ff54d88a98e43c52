"""What the pipeline needs of a model server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from bartizan.workspace.deployment import Timeouts


class Call(msgspec.Struct, frozen=True):
    """One request to an upstream."""

    path: str
    """Below the upstream's base URL, such as ``/chat/completions``."""
    body: bytes
    """Encoded; empty for a GET."""
    stream: bool = False
    headers: Mapping[str, str] = {}
    """Protocol headers only, such as ``anthropic-version``; never a client's credentials or cookies."""
    content_type: str = "application/json"
    """Of the body."""


class UpstreamResponse(Protocol):
    """A response whose head has arrived."""

    status: int
    content_type: bytes
    retry_after: float
    """Seconds; 0 without a ``Retry-After`` in seconds."""
    json_length: bytes
    """``Inference-Header-Content-Length``; empty without."""

    async def read(self, limit: int) -> bytes:
        """The whole decoded body. Raises UpstreamError past ``limit`` bytes or when it breaks off."""
        ...

    async def chunk(self) -> bytes:
        """The next decoded piece; empty at the end. Raises UpstreamError when it breaks off or grows too large."""
        ...

    async def settle(self) -> None:
        """Let go after the protocol's regular end: the connection is kept if the HTTP message ends at once, too."""
        ...

    def close(self) -> None:
        """Let go: a connection whose response was not read to its end is cut. May be called again."""
        ...


class UnreachableError(Exception):
    """No connection, or it was lost before the first byte: another try or another upstream may do."""


class Upstream(Protocol):
    """One model server."""

    name: str
    retries: int
    timeouts: Timeouts
    max_response_bytes: int

    async def send(self, call: Call) -> UpstreamResponse:
        """Send and wait for the response head.

        Raises:
            UnreachableError: nothing of a response arrived.
            UpstreamError: what arrived is not HTTP.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
