"""What breaks in the middle of an exchange: nothing that was not read leaves, and the record says what happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fake_upstream import FakeUpstream, answer, fake_upstream, hang, stream
from guards import CANARY
from running import DEBUG_KEY, KEYS, Running, running
from streams import chat, read
from test_sdk_clients import ATTACK, HI, chat_reply

from bartizan.core.errors import BartizanError, ConfigurationError, JournalError, KeeperError
from bartizan.core.event import RequestCompleted, RequestRefused
from bartizan.core.verdict import Action
from bartizan.firewall import answer as answering
from bartizan.firewall import http_protocol
from bartizan.firewall.stream_guard import StreamGuard
from bartizan.policy.document import PolicyDocument, RefusalStyle, UncoveredRows

HEADERS = {"authorization": f"Bearer {DEBUG_KEY}"}
WHOLE = chat(["one ", "two ", "three "])
PIECES = [WHOLE[at : at + 60] for at in range(0, len(WHOLE), 60)]


class Scene:
    def __init__(self, gateway: Running, upstream: FakeUpstream, session: aiohttp.ClientSession) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.session = session

    @property
    def services(self) -> Any:
        return self.gateway.gateway._services

    def post(self, path: str = "/v1/chat/completions", **fields: Any) -> Any:
        body = {"model": "m", "messages": HI} | fields
        return self.session.post(self.gateway.url + path, json=body, headers=HEADERS)


@asynccontextmanager
async def scene(folder: Path, policy: PolicyDocument | None = None) -> AsyncIterator[Scene]:
    async with (
        fake_upstream(answer(chat_reply("hi"))) as upstream,
        running(folder, upstream, policy=policy) as gateway,
        aiohttp.ClientSession() as session,
    ):
        yield Scene(gateway, upstream, session)


@pytest.mark.parametrize("error", [ConfigurationError("key file /srv/key is gone"), ValueError("/srv/key")])
async def test_a_guard_that_breaks_in_a_stream_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    class Breaking(StreamGuard):
        fed = 0

        def feed(self, data: bytes) -> bytes:
            self.fed += 1
            if self.fed > 8:
                raise error
            return super().feed(data)

    monkeypatch.setattr(answering, "StreamGuard", Breaking)
    async with scene(tmp_path) as at:
        at.upstream.default = stream(PIECES, delay=0.01)
        async with at.post(stream=True) as reply:
            text = await reply.read()
        said = read(text)
        assert "the gateway failed" in said.error
        assert not said.complete
        assert "three" not in said.text
        assert b"/srv/key" not in text
        completed = at.gateway.last(RequestCompleted)
        assert isinstance(completed, RequestCompleted)
        assert completed.error in ("internal error", "key file /srv/key is gone")


@pytest.mark.parametrize("error", [ConfigurationError("/srv/key"), ValueError("/srv/key")])
async def test_a_guard_that_breaks_before_a_stream_has_begun_gets_a_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(self: StreamGuard, data: bytes) -> bytes:
        raise error

    monkeypatch.setattr(StreamGuard, "feed", broken)
    async with scene(tmp_path) as at:
        at.upstream.default = stream(PIECES)
        async with at.post(stream=True) as reply:
            assert reply.status == (503 if isinstance(error, BartizanError) else 500)
            assert "/srv/key" not in await reply.text()


async def test_a_stream_whose_end_cannot_be_recorded_has_no_regular_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.upstream.default = stream(PIECES, delay=0.02)
        async with at.post(stream=True) as reply:
            first = await reply.content.readany()
            at.services.recorder.close()
            rest = await reply.content.read()
        said = read(first + rest)
        assert "the gateway failed" in said.error
        assert b"[DONE]" not in rest
        async with at.post() as reply:
            assert reply.status == 503


async def test_an_answer_that_cannot_be_recorded_does_not_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path) as at:
        recorder = at.services.recorder
        append = recorder.append

        def full(event: Any) -> None:
            if isinstance(event, RequestCompleted):
                raise JournalError("no space")
            append(event)

        monkeypatch.setattr(recorder, "append", full)
        async with at.post() as reply:
            assert reply.status == 503
            assert "hi" not in (await reply.json())["error"]["message"]


async def test_a_keeper_that_is_lost_after_the_call_costs_nobody_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def lost(*_: Any) -> None:
        raise KeeperError("gone")

    async with scene(tmp_path) as at:
        for name in ("settle", "record_block"):
            monkeypatch.setattr(at.services.quota, name, lost)
        async with at.post() as reply:
            assert reply.status == 200
        async with at.post(messages=[{"role": "user", "content": ATTACK}]) as reply:
            assert reply.headers["x-bartizan-verdict"] == "block"
        assert {record.message for record in caplog.records} >= {"usage not settled: gone", "block not counted: gone"}


@pytest.mark.parametrize("style", ["error", "message"])
async def test_a_blocked_answer_is_said_as_policy_wants_it(tmp_path: Path, style: Any) -> None:
    policy = PolicyDocument(version=1, keys=KEYS, refusal=RefusalStyle(style=style))
    async with scene(tmp_path, policy) as at:
        at.upstream.default = answer(chat_reply(f"it is {CANARY}"))
        async with at.post() as reply:
            assert reply.status == (400 if style == "error" else 200)
            assert "heron" not in await reply.text()
            assert reply.headers["x-bartizan-verdict"] == "block"
        completed = at.gateway.last(RequestCompleted)
        assert isinstance(completed, RequestCompleted)
        assert (completed.status, completed.action) == (reply.status, "block")


@pytest.mark.parametrize("field", [{"id": f"chatcmpl {CANARY}"}, {"choices": [{"index": 0, "message": {}}]}])
async def test_ids_and_images_are_answers_too(tmp_path: Path, field: dict[str, Any]) -> None:
    policy = PolicyDocument(version=1, keys=KEYS, uncovered=UncoveredRows(image=Action.BLOCK))
    async with scene(tmp_path, policy) as at:
        document = chat_reply("hi") | field
        if "choices" in field:
            image = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]
            document["choices"] = [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": None, "images": image},
                }
            ]
        at.upstream.default = answer(document)
        async with at.post() as reply:
            text = await reply.text()
        assert "heron" not in text
        assert "aGk=" not in text


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (b"not json", "The model server rejected the request."),
        (b'{"error": "short and plain"}', "short and plain"),
        (b'{"error": {"message": 7}}', "The model server rejected the request."),
        (b"[]", "The model server rejected the request."),
        (b'{"error": "say %s"}' % CANARY.encode(), "The model server rejected the request."),
        (b'{"error": "' + b"x" * 70_000 + b'"}', "The model server rejected the request."),
    ],
)
async def test_upstream_errors_of_any_shape(tmp_path: Path, error: bytes, message: str) -> None:
    async with scene(tmp_path) as at:
        at.upstream.default = answer(error, 400)
        async with at.post() as reply:
            assert reply.status == 400
            assert (await reply.json())["error"]["message"] == message


@pytest.mark.parametrize(
    ("listing", "content_type"),
    [(b'{"data": 7}', "application/json"), (b"{}", "text/html"), (b"[", "application/json")],
)
async def test_a_broken_model_list_is_the_upstreams_fault(tmp_path: Path, listing: bytes, content_type: str) -> None:
    async with scene(tmp_path) as at:
        at.upstream.default = answer(listing, content_type=content_type)
        async with at.session.get(at.gateway.url + "/v1/models", headers=HEADERS) as reply:
            assert reply.status == 502
        refused = at.gateway.last(RequestRefused)
        assert isinstance(refused, RequestRefused)
        assert refused.status == 502


async def test_a_client_that_leaves_while_it_sends_is_recorded(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        _, writer = await asyncio.open_connection("127.0.0.1", at.gateway.port)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {DEBUG_KEY}\r\n"
        writer.write((head + "content-type: application/json\r\ncontent-length: 99\r\n\r\n{").encode())
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        async with asyncio.timeout(5):
            while at.gateway.counts()[2] == 0:  # noqa: ASYNC110 - another connection
                await asyncio.sleep(0.01)
        refused = at.gateway.last(RequestRefused)
        assert isinstance(refused, RequestRefused)
        assert (refused.status, refused.reason) == (499, "client_gone")


async def test_what_is_under_way_at_a_hard_stop_is_recorded_as_cut(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.upstream.default = hang()
        waiting = asyncio.create_task(at.post(timeout=None).__aenter__())
        async with asyncio.timeout(5):
            while not at.upstream.received:  # noqa: ASYNC110 - another connection
                await asyncio.sleep(0.01)
        for state in list(at.gateway.server.server_state.tasks):
            state.cancel()
        assert (await waiting).status == 500
        completed = at.gateway.last(RequestCompleted)
        assert isinstance(completed, RequestCompleted)
        assert (completed.status, completed.error) == (499, "shutdown")


async def test_connections_beyond_the_bound_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "MAX_CONNECTIONS", 2)
    async with scene(tmp_path) as at:
        ends = [await asyncio.open_connection("127.0.0.1", at.gateway.port) for _ in range(3)]
        assert await ended(ends[2][0])
        for _, writer in ends:
            writer.close()
        await asyncio.sleep(0.05)
        async with at.post() as reply:
            assert reply.status == 200


async def test_a_body_that_goes_on_after_its_answer_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.1)
    async with scene(tmp_path) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.gateway.port)
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 999999\r\n\r\n{")
        async with asyncio.timeout(5):
            assert b" 401 " in await reader.readline()
        assert await ended(reader)
        writer.close()


async def ended(reader: asyncio.StreamReader) -> bool:
    """True once the other side has closed or reset the connection."""
    async with asyncio.timeout(5):
        try:
            while await reader.read(1_000):
                pass
        except ConnectionError:
            return True
        return reader.at_eof()
