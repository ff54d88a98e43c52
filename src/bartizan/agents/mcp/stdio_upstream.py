"""A server that runs as a command: a bare environment, bounded lines, and an end that takes its children along."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client._transport import TransportStreams
from mcp.shared.message import SessionMessage
from mcp_types import INTERNAL_ERROR, ErrorData, JSONRPCError

from bartizan.agents.mcp.framing import Lines, TooLong, read, told_id
from bartizan.core.errors import ConfigurationError, WireError

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
"""All that a command gets of the proxy's environment unasked."""
_CHUNK = 65_536
_SAID = 2_000
"""Bytes kept of what a command writes to standard error."""
_GRACE = 2.0
"""Seconds to end by itself once its input is closed, and again once it was told to."""


def environment(extra: Mapping[str, str], inherit: Sequence[str]) -> dict[str, str]:
    """The environment of a server's process."""
    return {name: os.environ[name] for name in (*KEPT, *inherit) if name in os.environ} | dict(extra)


@asynccontextmanager
async def stdio_upstream(
    command: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    limit: int,
    refused: Callable[[str], None],
    said: bytearray,
) -> AsyncIterator[TransportStreams]:
    """Start the command and speak to it.

    Args:
        command: program and arguments; no shell.
        env: the whole environment.
        folder: where it runs.
        limit: bytes of one message.
        refused: told why a line was not read.
        said: gets the last of what the command writes to standard error.

    Raises:
        ConfigurationError: it cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            cwd=folder,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(f"cannot start {command[0]}: {cause}") from None
    inbound, read_stream = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write_stream, outbound = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_from_server, process, inbound, limit, refused)
            tasks.start_soon(_to_server, process, outbound, inbound)
            tasks.start_soon(_last_words, process, said)
            try:
                yield read_stream, write_stream
            finally:
                tasks.cancel_scope.cancel()
    finally:
        for stream in (inbound, read_stream, write_stream, outbound):
            stream.close()
        with anyio.CancelScope(shield=True):
            await _ended(process)


async def _from_server(
    process: Process,
    inbound: MemoryObjectSendStream[SessionMessage | Exception],
    limit: int,
    refused: Callable[[str], None],
) -> None:
    assert process.stdout is not None
    lines = Lines(limit)
    with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        async with inbound:
            while chunk := await process.stdout.read(_CHUNK):
                for line in lines.feed(chunk):
                    try:
                        if isinstance(line, TooLong):
                            raise WireError(f"a message is longer than {limit} bytes")
                        message, _ = read(line)
                    except WireError as error:
                        refused(error.cause)
                        await inbound.send(_in_place_of(line, error))
                    else:
                        await inbound.send(message)


def _in_place_of(line: bytes, error: WireError) -> SessionMessage | Exception:
    """An error for whoever waits for that answer, so that it need not wait for the time-out."""
    given, _ = told_id(line)
    if given is None:
        return error
    said = ErrorData(code=INTERNAL_ERROR, message="The server answered out of protocol.")
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=given, error=said))


async def _to_server(
    process: Process,
    outbound: MemoryObjectReceiveStream[SessionMessage],
    inbound: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    assert process.stdin is not None
    try:
        async with outbound:
            async for item in outbound:
                process.stdin.write(item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await process.stdin.drain()
    except (OSError, anyio.ClosedResourceError, anyio.BrokenResourceError):
        inbound.close()


async def _last_words(process: Process, said: bytearray) -> None:
    assert process.stderr is not None
    while chunk := await process.stderr.read(_CHUNK):
        said += chunk
        del said[:-_SAID]


async def _ended(process: Process) -> None:
    """Returns when the process is gone, also when whoever waits is cancelled: then it is killed at once."""
    ending = asyncio.create_task(_end(process))
    cancelled = False
    while not ending.done():
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            cancelled = True
            _signal(process, signal.SIGKILL)
    if cancelled:
        raise asyncio.CancelledError


async def _end(process: Process) -> None:
    """Close its input, wait, tell it, wait, kill it; then whatever is left of its process group."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    for told in (None, signal.SIGTERM, signal.SIGKILL):
        if told is not None:
            _signal(process, told)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)
            break
    _signal(process, signal.SIGKILL)
    transport = getattr(process, "_transport", None)  # nothing public closes pipes that a grandchild keeps open
    if transport is not None:
        transport.close()


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
