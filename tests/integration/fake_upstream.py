"""A model server that behaves as badly as it is told to.

It is the outside world; everything else in these tests is real.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[["Received", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class FakeUpstream:
    """``script`` is used up first, then ``default`` answers."""

    port: int = 0
    default: Behaviour | None = None
    script: deque[Behaviour] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    closed_early: int = 0
    """Connections that the gateway closed while an answer was being sent."""
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                self.received.append(request)
                behaviour = self.script.popleft() if self.script else self.default
                assert behaviour is not None, "nothing was scripted"
                await behaviour(request, reader, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            self.closed_early += 1
        finally:
            self.writers.discard(writer)
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def fake_upstream(default: Behaviour | None = None) -> AsyncIterator[FakeUpstream]:
    upstream = FakeUpstream(default=default)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, limit=2**20)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()
        for writer in list(upstream.writers):
            writer.transport.abort()
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> Received | None:
    line = await reader.readline()
    if not line:
        return None
    method, path, _ = line.decode().split(" ")
    headers: dict[str, str] = {}
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)


def raw(data: bytes, *, close: bool = False) -> Behaviour:
    """Exactly these bytes."""

    async def behave(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if close:
            await writer.drain()
            raise ConnectionError

    return behave


def answer(document: Any, status: int = 200, headers: str = "", content_type: str = "application/json") -> Behaviour:
    """A JSON answer."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return raw(head.encode() + body)


def stream(
    chunks: Sequence[bytes], *, delay: float = 0.0, end: bool = True, content_type: str = "text/event-stream"
) -> Behaviour:
    """A chunked answer, one HTTP chunk each; ``end=False`` cuts the connection before the last chunk."""

    async def behave(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: " + content_type.encode() + b"\r\n\r\n"
        )
        for chunk in chunks:
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await writer.drain()
            if delay:
                await asyncio.sleep(delay)
        if not end:
            raise ConnectionError
        writer.write(b"0\r\n\r\n")

    return behave


def endless(chunk: bytes, delay: float = 0.0) -> Behaviour:
    """Stream until the other side closes."""

    async def behave(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/event-stream\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await writer.drain()
            await asyncio.sleep(delay)
        raise ConnectionError

    return behave


def hang() -> Behaviour:
    """Say nothing until the other side closes."""

    async def behave(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        raise ConnectionError

    return behave


def reset() -> Behaviour:
    """Cut the connection."""

    async def behave(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()
        raise ConnectionError

    return behave
