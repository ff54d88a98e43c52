"""A client's side of a socket: one connection at a time, reopened when it breaks, answers by id.

The keeper's clients use it, and those of the inference process.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar, cast

import msgspec

from bartizan.core.errors import BartizanError, KeeperError
from bartizan.keeper import messages as m
from bartizan.keeper.frames import FrameBuffer, frame
from bartizan.keeper.socket_path import socket_address

_FIRST_DELAY: Final = 0.01
_LONGEST_DELAY: Final = 0.2
_MAX_UNSENT_BYTES: Final = 67_108_864


class Answer(Protocol):
    """What answers a request."""

    @property
    def id(self) -> int:
        """The request's."""
        ...


A = TypeVar("A", bound=Answer)


class Service(msgspec.Struct, frozen=True):
    """Whom a link leads to."""

    name: str
    """In errors."""
    replies: object
    """Type of everything it may say: Welcome, Told, Alive, Failed, and its own answers."""
    protocol: int


class Link(asyncio.Protocol, Generic[A]):
    """A connection that mends itself. Belongs to one event loop.

    Args:
        path: of the socket.
        service: what listens there.
        pushed: called with what it says unasked; Welcome begins each connection.
        lost: called when the connection breaks.
        timeout: seconds within which every call is answered or raises, unless it names others.
    """

    def __init__(
        self,
        path: Path,
        service: Service,
        pushed: Callable[[m.Welcome | m.Told], None],
        lost: Callable[[], None],
        timeout: float,
    ) -> None:
        self._path = path
        self._service = service
        self._pushed = pushed
        self._lost = lost
        self._timeout = timeout
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode: Callable[[bytes], A | m.Pushed] = msgspec.msgpack.Decoder(service.replies).decode
        self._loop = asyncio.get_running_loop()
        self._frames = FrameBuffer()
        self._transport: asyncio.Transport | None = None
        self._up = asyncio.Event()
        self._broken = asyncio.Event()
        self._pending: dict[int, tuple[asyncio.Future[A], float]] = {}
        self._next = 0
        self.heard = float("-inf")
        """Loop time at which the other side was last heard."""
        self._keeper_task = self._loop.create_task(self._keep_open())

    async def _keep_open(self) -> None:
        delay = _FIRST_DELAY
        while True:
            self._broken.clear()
            try:
                # The welcome, not the mere connection, counts: a stopped process still accepts.
                async with asyncio.timeout(max(1.0, self._timeout)):  # wait_for can lose a cancellation
                    await self._open()
                delay = _FIRST_DELAY
                await self._broken.wait()
            except (OSError, BartizanError):  # TimeoutError is an OSError
                self._drop()
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)

    async def _open(self) -> None:
        connecting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connecting.setblocking(False)
        try:
            with socket_address(self._path) as address:
                await self._loop.sock_connect(connecting, address)
        except BaseException:
            connecting.close()
            raise
        await self._loop.create_unix_connection(lambda: self, sock=connecting)
        await self._up.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A new connection: nothing of the old one counts."""
        self._transport = cast(asyncio.Transport, transport)
        self._frames = FrameBuffer()

    def data_received(self, data: bytes) -> None:
        """Resolve answers, pass on what was pushed."""
        self.heard = self._loop.time()
        try:
            for payload in self._frames.feed(data):
                self._take(self._decode(payload))
        except (BartizanError, msgspec.DecodeError):
            self._drop()

    def _take(self, reply: A | m.Pushed) -> None:
        match reply:
            case m.Welcome():
                if reply.protocol != self._service.protocol:
                    raise KeeperError(f"{self._service.name} speaks protocol {reply.protocol}")
                self._pushed(reply)
                self._up.set()
            case m.Told():
                self._pushed(reply)
            case m.Alive():
                pass
            case _:
                entry = self._pending.pop(reply.id, None)
                if entry is not None and not entry[0].done():
                    entry[0].set_result(reply)

    def connection_lost(self, _error: Exception | None) -> None:
        """Fail what waits; the opening task starts over."""
        self._transport = None
        self._up.clear()
        self._broken.set()
        self.heard = float("-inf")
        pending, self._pending = self._pending, {}
        for future, _ in pending.values():
            if not future.done():
                future.set_exception(KeeperError(f"the connection to {self._service.name} broke"))
                future.exception()  # whoever waited may be gone
        self._lost()

    def _drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def new_id(self) -> int:
        """An id for a request that is to be answered."""
        self._next += 1
        return self._next

    async def tell(self, request: msgspec.Struct) -> None:
        """Send a request that is not answered. Raises KeeperError without a connection."""
        (await self._connected()).write(frame(self._encode(request)))

    def tell_now(self, request: msgspec.Struct) -> None:
        """Send a request that is not answered, or drop it."""
        if self._transport is not None and self._up.is_set():
            self._transport.write(frame(self._encode(request)))

    async def call(self, request: msgspec.Struct, identifier: int, *, patient: bool = False) -> A:
        """Send a request and wait for its answer.

        Args:
            patient: no limit of time of its own; still fails when the connection breaks.

        Raises:
            KeeperError: no connection, no answer in time, or it was turned down.
        """
        transport = await self._connected()
        if transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            raise KeeperError(f"{self._service.name} does not read what it is asked")
        future: asyncio.Future[A] = self._loop.create_future()
        deadline = float("inf") if patient else self._loop.time() + self._timeout
        self._pending[identifier] = (future, deadline)
        transport.write(frame(self._encode(request)))
        try:
            reply = await future
        finally:
            self._pending.pop(identifier, None)
        if isinstance(reply, m.Failed):
            raise KeeperError(reply.cause)
        return reply

    async def _connected(self) -> asyncio.Transport:
        transport = self._transport
        if transport is None or not self._up.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timeout):
                    await self._up.wait()
            transport = self._transport
            if transport is None or not self._up.is_set():
                raise KeeperError(f"{self._service.name} is out of reach", "is it running?")
        return transport

    def expire(self, now: float) -> None:
        """Fail calls that have waited too long; to be called regularly."""
        for identifier in [number for number, (_, deadline) in self._pending.items() if now >= deadline]:
            future, _ = self._pending.pop(identifier)
            if not future.done():
                future.set_exception(KeeperError(f"{self._service.name} did not answer in time"))
                future.exception()

    async def close(self) -> None:
        """Close the connection for good."""
        self._keeper_task.cancel()
        await asyncio.gather(self._keeper_task, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()
