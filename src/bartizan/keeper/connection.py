"""The serving side of one worker's connection, to the keeper or to the inference process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar, cast

import msgspec

from bartizan.core.errors import BartizanError
from bartizan.keeper import messages as m
from bartizan.keeper.frames import FrameBuffer, frame

MAX_UNSENT_BYTES: Final = 67_108_864
"""A worker that leaves this much unread is cut off."""
MAX_WAITING: Final = 16
"""Snapshot waits per connection."""

_log = logging.getLogger("bartizan.keeper")


R = TypeVar("R")


class Handler(Protocol[R]):
    """What is done with a request."""

    def handle(self, connection: Connection[R], request: R) -> None:
        """Answer now or later. May raise BartizanError, which becomes Failed."""
        ...


class Connection(asyncio.Protocol, Generic[R]):
    """Decodes requests, encodes replies. Anything that is not the protocol closes this connection and no other.

    Args:
        handler: answers.
        requests: type of what may be asked.
        opened: says whether there is room for one more connection.
        closed: told of its end.
    """

    def __init__(
        self,
        handler: Handler[R],
        requests: object,
        opened: Callable[[Connection[R]], bool],
        closed: Callable[[Connection[R]], None],
    ) -> None:
        self._handler = handler
        self._opened = opened
        self._closed = closed
        self._frames = FrameBuffer()
        self._decode: Callable[[bytes], R] = msgspec.msgpack.Decoder(requests).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._transport: asyncio.Transport | None = None
        self.waiting: dict[int, int] = {}
        """Snapshot waits: request id to the version after which it is answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, unless there are too many connections."""
        self._transport = cast(asyncio.Transport, transport)
        if not self._opened(self):
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Handle every whole request."""
        try:
            for payload in self._frames.feed(data):
                self._dispatch(self._decode(payload))
        except (BartizanError, msgspec.DecodeError) as error:
            _log.warning("a worker's connection was closed: %s", type(error).__name__)
            self.abort()

    def _dispatch(self, request: R) -> None:
        try:
            self._handler.handle(self, request)
        except BartizanError as error:
            self.fail(request, error)

    def fail(self, request: R, error: BartizanError) -> None:
        """Say why a request was turned down, if it can be answered."""
        identifier = getattr(request, "id", None)
        if identifier is None:
            _log.warning("a %s was turned down: %s", type(request).__name__, error.cause)
        else:
            self.send(m.Failed(identifier, str(error)))

    def send(self, reply: msgspec.Struct) -> None:
        """Send one message."""
        self.send_frame(frame(self._encode(reply)))

    def send_frame(self, data: bytes) -> None:
        """Send one encoded frame."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            _log.warning("a worker that does not read was cut off")
            self.abort()
            return
        transport.write(data)

    def pause_writing(self) -> None:
        """The worker reads slower than it asks: hear no more of it for now."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget it."""
        self._transport = None
        self.waiting.clear()
        self._closed(self)

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()
