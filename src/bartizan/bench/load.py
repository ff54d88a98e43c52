"""A closed-loop HTTP/1.1 load generator: few instructions per request, exact latencies."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bartizan.core.errors import BartizanError


class Measured(msgspec.Struct, frozen=True):
    """One run of load."""

    requests: int
    seconds: float
    latencies: list[float]
    """Seconds to the last byte, in order of completion."""
    first_data: list[float]
    """Seconds to the first ``data:`` line of a stream; empty for JSON."""


def build(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    """Sends one request after the other."""

    def __init__(self, requests: Iterator[bytes], count: int, done: asyncio.Future[None], out: Measured) -> None:
        self._requests = requests
        self._left = count
        self._done = done
        self._out = out
        self._buffer = bytearray()
        self._began = 0.0
        self._first = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._first and b"\ndata:" in self._buffer:
            self._first = time.perf_counter()
        if self._complete():
            now = time.perf_counter()
            status = bytes(self._buffer[9:12])
            if status != b"200":
                self._fail(f"status {status.decode('latin-1')}: {bytes(self._buffer[-300:])!r}")
                return
            self._out.latencies.append(now - self._began)
            if self._first:
                self._out.first_data.append(self._first - self._began)
            self._left -= 1
            if self._left:
                self._send()
            else:
                self._transport.close()
                if not self._done.done():
                    self._done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"connection lost: {error}")

    def _send(self) -> None:
        self._buffer.clear()
        self._first = 0.0
        self._began = time.perf_counter()
        self._transport.write(next(self._requests))

    def _complete(self) -> bool:
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return False
        headers = bytes(self._buffer[:head]).lower()
        at = headers.find(b"content-length:")
        if at >= 0:
            length = int(headers[at + 15 : headers.find(b"\r\n", at) if headers.find(b"\r\n", at) > 0 else None])
            return len(self._buffer) >= head + 4 + length
        return self._buffer.endswith(b"\r\n0\r\n\r\n")

    def _fail(self, why: str) -> None:
        if not self._done.done():
            self._done.set_exception(BartizanError(why))


async def drive(port: int, request: bytes | Sequence[bytes], requests: int, connections: int) -> Measured:
    """Send ``requests`` over ``connections`` kept-alive connections. Raises BartizanError for anything but 200.

    Args:
        port: on loopback.
        request: the same one each time, or several that take turns.
        requests: how many in all.
        connections: how many at once.
    """
    bodies = itertools.cycle([request] if isinstance(request, bytes) else request)
    loop = asyncio.get_running_loop()
    out = Measured(requests, 0.0, [], [])
    shares = [requests // connections + (index < requests % connections) for index in range(connections)]
    began = time.perf_counter()
    waiting = []
    for share in shares:
        if share:
            done: asyncio.Future[None] = loop.create_future()
            waiting.append(done)
            await loop.create_connection(
                lambda share=share, done=done: _Connection(bodies, share, done, out),  # type: ignore[misc]
                "127.0.0.1",
                port,
            )
    await asyncio.wait_for(asyncio.gather(*waiting), 600)
    return msgspec.structs.replace(out, seconds=time.perf_counter() - began)


async def abort_streams(port: int, request: bytes, count: int, connections: int = 16) -> None:
    """Open ``count`` streams and reset each after its first event. Raises BartizanError if one ends before that."""
    gate = asyncio.Semaphore(connections)

    async def one() -> None:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            try:
                await reader.readuntil(b"data:")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                raise BartizanError("a stream ended before its first event") from error
            finally:
                writer.transport.abort()

    await asyncio.gather(*(one() for _ in range(count)))
