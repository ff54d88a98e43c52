"""Clients that leave: the upstream is let go, the journal says so, nothing leaks."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from fake_upstream import endless, fake_upstream, hang
from running import PLAIN_KEY, Running, running
from streams import chat
from test_bad_input import body, post

from bartizan.core.event import RequestCompleted
from bartizan.telemetry.exposition import render

ABORTS = 500
AT_ONCE = 50
EVENT = chat(["hello "]).split(b"\n\n")[1] + b"\n\n"


async def abort(gateway: Running, *, stream: bool, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(post(body(stream=stream)))
    await writer.drain()
    if stream:
        await reader.readuntil(b"hello")
    else:
        await asyncio.sleep(0.01 * (number % 20))
    if number % 2:
        writer.transport.abort()
    writer.close()


async def settled(gateway: Running, before: int) -> None:
    async with asyncio.timeout(10):
        while len(asyncio.all_tasks()) > before or gateway.server.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_aborted_streams_leak_nothing(tmp_path: Path) -> None:
    async with fake_upstream(endless(EVENT, delay=0.005)) as upstream, running(tmp_path, upstream) as gateway:
        before = len(asyncio.all_tasks())
        for start in range(0, ABORTS, AT_ONCE):
            await asyncio.gather(*(abort(gateway, stream=True, number=start + i) for i in range(AT_ONCE)))
        await settled(gateway, before)
        assert not upstream.writers
        assert not gateway.server.server_state.connections
        accepted, completed, refused = gateway.counts()
        assert (accepted, completed, refused) == (ABORTS, ABORTS, 0)
        errors = {event.error for event in gateway.events() if isinstance(event, RequestCompleted)}
        assert errors == {"client_gone"}
        assert "bartizan_requests_in_flight 0" in render(gateway.registry.snapshot())


async def test_aborts_before_the_first_byte_cancel_the_upstream(tmp_path: Path) -> None:
    async with fake_upstream(hang()) as upstream, running(tmp_path, upstream) as gateway:
        before = len(asyncio.all_tasks())
        await asyncio.gather(*(abort(gateway, stream=False, number=i) for i in range(AT_ONCE)))
        await settled(gateway, before)
        assert not upstream.writers
        accepted, completed, _ = gateway.counts()
        assert accepted == completed


async def test_a_client_that_does_not_read_does_not_fill_the_memory(tmp_path: Path) -> None:
    async with fake_upstream(endless(EVENT * 50)) as upstream, running(tmp_path, upstream) as gateway:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(("127.0.0.1", gateway.port))
        client.sendall(post(body(stream=True)))
        async with asyncio.timeout(20):
            while not gateway.server.server_state.connections:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            (connection,) = gateway.server.server_state.connections
            # What the system buffers by itself, megabytes, takes long to fill.
            connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            while not connection.flow.write_paused:  # type: ignore[union-attr]  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        assert connection.transport.get_write_buffer_size() < 2_000_000
        client.close()
        async with asyncio.timeout(5):
            while gateway.server.server_state.tasks:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_keys_are_in_no_record(tmp_path: Path) -> None:
    async with fake_upstream(hang()) as upstream, running(tmp_path, upstream) as gateway:
        await abort(gateway, stream=False, number=1)
        await asyncio.sleep(0.5)
        for segment in (gateway.folder / "journal").iterdir():
            assert PLAIN_KEY not in segment.read_text()
