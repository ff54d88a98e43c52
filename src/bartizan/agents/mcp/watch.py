"""What a server's messages pass before the session sees them: shape, refused requests, notification floods."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
from mcp.client._transport import TransportStreams
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from bartizan.core.problem import printable

_FLOOD = 100
"""A server that sends so many times its share of notifications loses the connection."""
_ALLOWED = frozenset({"ping"})
"""Requests of servers that are answered; sampling, elicitation and roots are refused."""


class Watch:
    """Judges the messages of one connection.

    Args:
        per_second: notifications that go on; what is beyond is dropped.
        refused: told the method (or the kind of trouble) of what was refused, and how many alike.
    """

    def __init__(self, per_second: int, refused: Callable[[str, str, int], None]) -> None:
        self._per_second = per_second
        self._refused = refused
        self._second = 0.0
        self._count = 0
        self.dropped = 0

    def admit(self, item: SessionMessage | Exception) -> bool:
        """Whether the message goes on. Raises ConnectionError for a flood that ends the connection."""
        if isinstance(item, Exception):
            return True
        message = item.message
        if isinstance(message, JSONRPCRequest) and message.method not in _ALLOWED:
            self._refused(printable(message.method), "a request of a server", 1)
            return True  # the session declares no such capability and answers with the protocol's error
        if isinstance(message, JSONRPCNotification):
            return self._within_rate(message.method)
        if isinstance(message, JSONRPCResponse) and not finite(message.result):
            self._refused("", "a number that is not JSON", 1)
            return False
        return True

    def _within_rate(self, method: str) -> bool:
        now = time.monotonic()
        if now - self._second >= 1.0:
            if self.dropped:
                self._refused(printable(method), "notifications beyond the rate", self.dropped)
            self._second, self._count, self.dropped = now, 0, 0
        self._count += 1
        if self._count > self._per_second * _FLOOD:
            self._refused(printable(method), "a flood of notifications", self.dropped)
            raise ConnectionError("the server flooded the proxy with notifications")
        if self._count > self._per_second:
            self.dropped += 1
            return False
        return True


def finite(value: object) -> bool:
    """Whether no number in it is NaN or infinite."""
    level = [value]
    while level:
        held = level.pop()
        if isinstance(held, float) and held - held != 0.0:
            return False
        if isinstance(held, dict):
            level.extend(held.values())
        elif isinstance(held, list):
            level.extend(held)
    return True


@asynccontextmanager
async def watched(
    inner: AbstractAsyncContextManager[TransportStreams], watch: Watch, ended: Callable[[str], None]
) -> AsyncIterator[TransportStreams]:
    """A transport whose inbound messages pass ``watch``; ``ended`` is told why nothing more will come."""
    async with inner as (read_stream, write_stream):
        send, receive = anyio.create_memory_object_stream[SessionMessage | Exception](0)

        async def pump() -> None:
            reason = "the server closed the connection"
            try:
                async with send:
                    async for item in read_stream:
                        if watch.admit(item):
                            await send.send(item)
            except ConnectionError as error:
                reason = str(error)
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                pass
            ended(reason)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pump)
            try:
                yield receive, write_stream
            finally:
                tasks.cancel_scope.cancel()
                receive.close()
