"""What never becomes a request: an answer that SDKs can show, a record, and a connection that is closed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from fake_upstream import answer, fake_upstream
from running import PLAIN_KEY, running

from bartizan.core.event import RequestRefused

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
REPLY = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}}]}


async def sent(port: int, *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)
    async with asyncio.timeout(5):
        out = await reader.read()
    writer.close()
    return out


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nx: " + b"a" * 70_000, 431),
    ],
)
async def test_no_http(tmp_path: Path, data: bytes, status: int) -> None:
    async with fake_upstream() as upstream, running(tmp_path, upstream) as gateway:
        out = await sent(gateway.port, data)
        head, _, body = out.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert json.loads(body)["error"]["message"]
        event = gateway.last(RequestRefused)
        assert isinstance(event, RequestRefused)
        assert (event.status, event.client, event.principal) == (status, "127.0.0.1", "")


@pytest.mark.parametrize("cut", [0, 20])
async def test_an_offer_to_upgrade_is_ignored(tmp_path: Path, cut: int) -> None:
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
        b"authorization: Bearer " + PLAIN_KEY.encode() + b"\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n" % len(BODY)
    )
    async with fake_upstream(answer(REPLY)) as upstream, running(tmp_path, upstream) as gateway:
        out = await sent(gateway.port, head[:cut], head[cut:] + BODY[:9], BODY[9:])
        assert b" 200 OK" in out
        assert b"hello" in out
        assert upstream.received[0].document["messages"][0]["content"] == "hi"
