"""Serves one client on standard input and output: bounded lines, strict JSON, the protocol's own errors."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import BinaryIO

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client._transport import TransportStreams
from mcp.server.lowlevel.server import NotificationOptions
from mcp.shared.message import SessionMessage

from bartizan.agents.mcp.framing import Lines, TooLong, read, refusal
from bartizan.agents.mcp.proxy import Proxy
from bartizan.core.errors import ConfigurationError, WireError

_CHUNK = 65_536


async def serve_stdio(proxy: Proxy, limit: int, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until the client closes its end.

    Args:
        proxy: is started and stopped here.
        limit: bytes of one message.
        ready: called when the servers are connected.

    Raises:
        ConfigurationError: standard input or output is no pipe, socket or terminal.
    """
    async with proxy.running():
        ready()
        reader, writer = await _standard(sys.stdin.buffer, sys.stdout.buffer)

        def refused(reason: str) -> None:
            proxy.records.refused("", "", reason, principal="local")

        async with stdio_streams(reader, writer, limit, refused) as (read_stream, write_stream):
            options = proxy.server.create_initialization_options(NotificationOptions(tools_changed=True))
            await proxy.server.run(read_stream, write_stream, options)


@asynccontextmanager
async def stdio_streams(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int, refused: Callable[[str], None]
) -> AsyncIterator[TransportStreams]:
    """The SDK's streams over a pair of byte streams; ``refused`` is told why a line was answered with an error."""
    inbound, read_stream = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write_stream, outbound = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_from_client, reader, writer, inbound, limit, refused)
        tasks.start_soon(_to_client, writer, outbound)
        try:
            yield read_stream, write_stream
        finally:
            tasks.cancel_scope.cancel()
            for stream in (inbound, read_stream, write_stream, outbound):
                stream.close()


async def _from_client(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inbound: MemoryObjectSendStream[SessionMessage | Exception],
    limit: int,
    refused: Callable[[str], None],
) -> None:
    lines = Lines(limit)
    with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        async with inbound:
            while chunk := await reader.read(_CHUNK):
                for line in lines.feed(chunk):
                    try:
                        if isinstance(line, TooLong):
                            raise WireError(f"a message is longer than {limit} bytes")
                        message, _ = read(line)
                    except WireError as error:
                        refused(error.cause)
                        writer.write(refusal(line, error) + b"\n")
                        await writer.drain()
                    else:
                        await inbound.send(message)


async def _to_client(writer: asyncio.StreamWriter, outbound: MemoryObjectReceiveStream[SessionMessage]) -> None:
    with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        async with outbound:
            async for item in outbound:
                writer.write(item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await writer.drain()


async def _standard(stdin: BinaryIO, stdout: BinaryIO) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stdin)
        transport, protocol = await loop.connect_write_pipe(lambda: asyncio.streams.FlowControlMixin(loop=loop), stdout)
    except (ValueError, OSError):
        raise ConfigurationError(
            "standard input and output must be pipes", "an MCP client starts this command; or serve HTTP with --http"
        ) from None
    return reader, asyncio.StreamWriter(transport, protocol, None, loop)
