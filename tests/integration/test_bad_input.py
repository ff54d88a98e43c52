"""Hostile and broken clients: a clear error in the client's protocol, an event, nothing hanging."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import answer, fake_upstream
from running import KEYS, PLAIN_KEY, Running, running

from bartizan.core.event import RequestRefused
from bartizan.firewall import http_protocol
from bartizan.policy.document import Bodies, PolicyDocument

POLICY = PolicyDocument(version=1, keys=KEYS, bodies=Bodies(max_bytes=200_000, read_seconds=0.5))
HI = [{"role": "user", "content": "hi"}]


@asynccontextmanager
async def gateway_only(folder: Path) -> AsyncIterator[Running]:
    async with fake_upstream(answer({})) as upstream, running(folder, upstream, policy=POLICY) as gateway:
        yield gateway
        assert not upstream.received


async def talk(port: int, data: bytes, *, wait: float = 5.0) -> tuple[int, dict[str, str], bytes]:
    """Send raw bytes, read one response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(wait):
            status = int((await reader.readline()).split(b" ")[1])
            headers: dict[str, str] = {}
            while (line := await reader.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            return status, headers, await reader.readexactly(int(headers.get("content-length", "0")))
    finally:
        writer.close()


def post(body: bytes, path: str = "/v1/chat/completions", extra: str = "", length: int | None = None) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {PLAIN_KEY}\r\n"
        f"content-length: {len(body) if length is None else length}\r\n"
    )
    if "content-type" not in extra:
        extra += "content-type: application/json\r\n"
    return (head + extra + "\r\n").encode() + body


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": HI} | fields).encode()


BAD_BODIES: list[tuple[str, bytes]] = [
    ("empty", b""),
    ("not json", b"hello"),
    ("cut short", b'{"model": "m"'),
    ("an array", b"[]"),
    ("a null", b"null"),
    ("trailing garbage", b"{} {}"),
    ("duplicate key", b'{"model": "m", "model": "n", "messages": []}'),
    ("invalid utf-8", b'{"model": "\xff"}'),
    ("utf-16", '{"model": "m"}'.encode("utf-16")),
    ("bom", b"\xef\xbb\xbf{}"),
    ("lone surrogate", b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}'),
    ("nan", b'{"model": "m", "messages": [], "temperature": NaN}'),
    ("huge integer", b'{"model": "m", "messages": [], "n": ' + b"9" * 5_000 + b"}"),
    ("deep lists", b'{"a": ' + b"[" * 90_000 + b"]" * 90_000 + b"}"),
    ("deep objects", b'{"a":' * 30_000 + b"1" + b"}" * 30_000),
    ("no model", json.dumps({"messages": HI}).encode()),
    ("no messages", b'{"model": "m"}'),
    ("model is a number", body(model=7)),
    ("messages is a string", body(messages="hi")),
    ("message is a string", body(messages=["hi"])),
    ("unknown role", body(messages=[{"role": "root", "content": "hi"}])),
    ("no role", body(messages=[{"content": "hi"}])),
    ("missing content", body(messages=[{"role": "user"}])),
    ("content is a number", body(messages=[{"role": "user", "content": 7}])),
    ("unknown part", body(messages=[{"role": "user", "content": [{"type": "hologram", "x": 1}]}])),
    ("stream is a string", body(stream="yes")),
]


@pytest.mark.parametrize(("path", "marker"), [("/v1/chat/completions", "error"), ("/v1/messages", "error")])
async def test_bad_bodies(tmp_path: Path, path: str, marker: str) -> None:
    async with gateway_only(tmp_path) as gateway:
        for name, data in BAD_BODIES:
            status, headers, reply = await talk(gateway.port, post(data, path))
            assert status == 400, name
            document = json.loads(reply)
            assert document[marker]["message"], name
            if path == "/v1/messages":
                assert document["type"] == "error", name
            assert headers["content-type"] == "application/json"
            event = gateway.last(RequestRefused)
            assert isinstance(event, RequestRefused)
            assert event.request == headers["x-request-id"], name
            assert event.principal == "app"
        assert gateway.counts() == (0, 0, len(BAD_BODIES))


async def test_the_error_names_the_place(tmp_path: Path) -> None:
    async with gateway_only(tmp_path) as gateway:
        _, _, reply = await talk(gateway.port, post(body(messages=[{"role": "user", "content": 7}])))
        assert "messages[0].content" in json.loads(reply)["error"]["message"]


async def test_sizes_and_codings(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    async with gateway_only(tmp_path) as gateway:
        for data, expected in [
            (post(bomb, extra="content-encoding: gzip\r\n"), 413),
            (post(b"x" * 300_000), 413),
            (post(b"", length=50_000_000), 413),
            (post(gzip.compress(b"{}")[:-3], extra="content-encoding: gzip\r\n"), 400),
            (post(b"{}", extra="content-encoding: br\r\n"), 415),
            (post(b"{}", extra="content-encoding: gzip, gzip\r\n"), 415),
            (post(b"{}", extra="content-type: text/plain\r\n"), 415),
            (post(b"{}", extra="content-type: multipart/form-data; boundary=x\r\n"), 415),
            (post(b"{}", extra="authorization: Bearer other\r\n"), 400),
            (post(b"{}", extra="x-api-key: " + "k" * 5_000 + "\r\n"), 431),
        ]:
            status, _, reply = await talk(gateway.port, data)
            assert status == expected, data[:300]
            assert json.loads(reply)["error"]["message"]
        assert gateway.counts()[2] == 10


async def test_fifty_megabytes_in_chunks_are_cut_off_early(tmp_path: Path) -> None:
    async with gateway_only(tmp_path) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(post(b"", extra="transfer-encoding: chunked\r\n").replace(b"content-length: 0\r\n", b""))
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        answered = asyncio.create_task(reader.readline())
        for _ in range(800):
            writer.write(chunk)
            await writer.drain()
            if answered.done():
                break
        assert b" 413 " in await asyncio.wait_for(answered, 5)
        writer.close()


async def test_routes_that_do_not_exist(tmp_path: Path) -> None:
    async with gateway_only(tmp_path) as gateway:
        for request, expected in [
            (post(b"{}", "/v1/audio/speech"), 404),
            (post(b"{}", "/"), 404),
            (post(b"{}", "/v1/chat/completions/"), 404),
            (post(b"{}", "/v1/../v1/files"), 404),
            (post(b"{}", "/v1//chat/completions"), 404),
            (post(b"{}", "/v1/models"), 405),
            (b"GET /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n", 405),
            (b"PUT /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", 405),
            (b"OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n", 405),
            (b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ]:
            status, headers, reply = await talk(gateway.port, request)
            assert status == expected, request[:60]
            assert json.loads(reply)["error"]["message"]
            assert ("allow" in headers) == (status == 405)
        assert gateway.counts() == (0, 0, 10)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost : x\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
async def test_broken_http_is_400_or_cut(tmp_path: Path, data: bytes) -> None:
    async with gateway_only(tmp_path) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(data)
        writer.write_eof()
        reply = await asyncio.wait_for(reader.read(), 5)
        assert not reply or reply.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
        writer.close()


async def test_smuggled_requests_are_not_served(tmp_path: Path) -> None:
    """A content length beside chunked encoding must not let a second request hide in the first one's body."""
    hidden = b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"
    data = post(b"0\r\n\r\n" + hidden, extra="transfer-encoding: chunked\r\n")
    async with gateway_only(tmp_path) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(data)
        await asyncio.sleep(0.2)
        writer.write_eof()
        reply = await asyncio.wait_for(reader.read(), 5)
        assert reply.count(b"HTTP/1.1 ") <= 1
        writer.close()


async def test_a_slow_body_is_answered_with_408(tmp_path: Path) -> None:
    async with gateway_only(tmp_path) as gateway:
        status, _, reply = await talk(gateway.port, post(b"{", length=100))
        assert status == 408
        assert "too long" in json.loads(reply)["error"]["message"]


async def test_slow_heads_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(http_protocol, "CHECK_SECONDS", 0.05)
    async with gateway_only(tmp_path) as gateway:
        for opening in (b"", b"POST /v1/chat", b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-a: "):
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(opening)
            assert b"408" in await asyncio.wait_for(reader.read(), 3)
            writer.close()


async def test_endless_heads_are_cut(tmp_path: Path) -> None:
    async with gateway_only(tmp_path) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"GET / HTTP/1.1\r\n")
        reply = b""
        with contextlib.suppress(ConnectionError):
            for number in range(200):
                writer.write(b"x-%d: " % number + b"a" * 1_000 + b"\r\n")
                await writer.drain()
            reply = await asyncio.wait_for(reader.read(), 5)
        assert not reply or b" 431 " in reply
        assert reader.at_eof() or reader.exception()
        writer.close()


async def test_a_connection_survives_a_refusal(tmp_path: Path) -> None:
    async with gateway_only(tmp_path) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        for _ in range(3):
            writer.write(post(b"[]"))
            status = await asyncio.wait_for(reader.readline(), 3)
            assert b"400" in status
            length = 0
            while (line := await reader.readline()) != b"\r\n":
                if line.startswith(b"content-length"):
                    length = int(line.split(b":")[1])
            await reader.readexactly(length)
        writer.close()
