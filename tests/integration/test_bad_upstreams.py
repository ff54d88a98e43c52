"""Upstreams that hang, reset, lie and break: a clean error in the client's protocol, a completed record, no leaks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from fake_upstream import Behaviour, answer, endless, fake_upstream, hang, raw, reset, stream
from running import KEYS, TIMEOUTS, rows, running
from streams import chat, messages, sse
from test_sdk_clients import HI, chat_reply

from bartizan.core.errors import JournalError, KeeperError
from bartizan.core.event import Event, RequestCompleted
from bartizan.core.verdict import Verdict
from bartizan.firewall.guard import Guard
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.deployment import Upstream

HTML = b"<html><script>alert(1)</script></html>"
HALF = chat(["one ", "two "])[:-60].rsplit(b"\n\n", 1)[0] + b"\n\n"


def last(events: list[Event]) -> RequestCompleted:
    found = [event for event in events if isinstance(event, RequestCompleted)]
    return found[-1]


JSON_FAULTS: list[tuple[str, Behaviour, int]] = [
    ("html", answer(HTML, content_type="text/html"), 502),
    ("html that says json", answer(HTML), 502),
    ("sse instead of json", stream([chat(["hi"])]), 502),
    ("json of another shape", answer({"hello": 1}), 502),
    ("a json array", answer([]), 502),
    ("no content type", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), 502),
    (
        "cut short",
        raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{", close=True),
        502,
    ),
    ("deep", answer(b'{"choices": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"), 502),
    ("too large", answer(b'"' + b"x" * 300_000 + b'"'), 502),
    ("hangs", hang(), 504),
    (
        "hangs in the body",
        raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"),
        504,
    ),
    ("resets", reset(), 502),
    ("not http", raw(b"hello\r\n\r\n", close=True), 502),
    ("a redirect", answer(b"", 302, "location: http://127.0.0.1:1/\r\n"), 502),
    ("server error", answer(HTML, 500, content_type="text/html"), 502),
    ("overloaded", answer({}, 529), 503),
    ("no content", raw(b"HTTP/1.1 204 No Content\r\n\r\n"), 502),
]


def bounded(upstream: Any) -> tuple[Upstream, ...]:
    return tuple(
        Upstream(
            name=row.name, url=row.url, protocol=row.protocol, models=row.models, timeouts=TIMEOUTS, retries=0,
            max_response_bytes=200_000,
        )
        for row in rows(upstream)
    )  # fmt: skip


async def test_json_faults(tmp_path: Path) -> None:
    async with (
        fake_upstream() as upstream,
        running(tmp_path, settings=bounded(upstream)) as gateway,
        gateway.openai() as client,
    ):
        for count, (name, behaviour, status) in enumerate(JSON_FAULTS, start=1):
            upstream.default = behaviour
            with pytest.raises(openai.APIStatusError) as error:
                await client.chat.completions.create(model="m", messages=HI)
            assert error.value.status_code == status, name
            assert error.value.body["message"], name  # type: ignore[index]
            assert "script" not in error.value.response.text, name
            events = gateway.events()
            assert len(events) == 2 * count, name
            assert last(events).status == status, name
            assert last(events).error, name


STREAM_FAULTS: list[tuple[str, Behaviour, bool]] = [
    ("json instead of sse", answer(chat_reply("hi")), False),
    ("html that says sse", answer(HTML, content_type="text/event-stream"), True),
    ("hangs at once", hang(), False),
    ("hangs after the head", raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"), False),
    ("hangs in the middle", raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + HALF), True),
    ("cut in the middle", stream([HALF], end=False), True),
    ("ends without done", stream([HALF]), True),
    ("empty", stream([]), True),
    ("broken json", stream([HALF, b"data: {oops\n\n"]), True),
    ("not utf-8", stream([HALF, b"data: \xff\n\n"]), True),
    ("an error event", stream([HALF, sse({"error": {"message": "overloaded"}})]), True),
    ("an endless line", endless(b"x" * 50_000), True),
    ("an endless answer", endless(chat(["hello "]).split(b"\n\n")[1] + b"\n\n"), True),
]


async def test_stream_faults(tmp_path: Path) -> None:
    async with (
        fake_upstream() as upstream,
        running(tmp_path, settings=bounded(upstream)) as gateway,
        gateway.openai() as client,
    ):
        for count, (name, behaviour, started) in enumerate(STREAM_FAULTS, start=1):
            upstream.default = behaviour
            with pytest.raises(openai.APIError) as error:
                async for _ in await client.chat.completions.create(model="m", messages=HI, stream=True):
                    pass
            assert isinstance(error.value, openai.APIStatusError) is not started, name
            events = gateway.events()
            assert len(events) == 2 * count, name
            assert last(events).error, name


async def test_anthropic_streams_break_cleanly(tmp_path: Path) -> None:
    half = messages(["one ", "two"])
    half = half[: half.index(b"two")].rsplit(b"\n\n", 1)[0] + b"\n\n"
    async with (
        fake_upstream(stream([half])) as upstream,
        running(tmp_path, upstream) as gateway,
        gateway.anthropic() as claude,
    ):
        text = ""
        with pytest.raises(anthropic.APIError, match="early"):  # noqa: PT012
            async with claude.messages.stream(model="m", messages=HI, max_tokens=5) as events:
                async for piece in events.text_stream:
                    text += piece
        assert text == "one "


async def test_a_slow_drip_arrives(tmp_path: Path) -> None:
    data = chat(["drip ", "drop"])
    drops = [data[at : at + 40] for at in range(0, len(data), 40)]
    async with (
        fake_upstream(stream(drops, delay=0.01)) as upstream,
        running(tmp_path, upstream) as gateway,
        gateway.openai() as client,
    ):
        text = ""
        async for chunk in await client.chat.completions.create(model="m", messages=HI, stream=True):
            text += chunk.choices[0].delta.content or ""
        assert text == "drip drop"


async def test_429_then_200_and_failover(tmp_path: Path) -> None:
    async with (
        fake_upstream(answer({}, 500)) as bad,
        fake_upstream(answer(chat_reply("second"))) as good,
        running(tmp_path, bad, good) as gateway,
        gateway.openai() as client,
    ):
        bad.script.extend([answer({}, 429), answer(chat_reply("first"))])
        first = await client.chat.completions.create(model="m", messages=HI)
        second = await client.chat.completions.create(model="m", messages=HI)
        assert [first.choices[0].message.content, second.choices[0].message.content] == ["first", "second"]


async def test_no_failover_once_bytes_have_left(tmp_path: Path) -> None:
    async with (
        fake_upstream(stream([HALF], end=False)) as bad,
        fake_upstream(stream([chat(["whole"])])) as good,
        running(tmp_path, bad, good) as gateway,
        gateway.openai() as client,
    ):
        with pytest.raises(openai.APIError):
            async for _ in await client.chat.completions.create(model="m", messages=HI, stream=True):
                pass
        assert not good.received


class BrokenGuard(Guard):
    def inspect_passages(self, *_: Any) -> Verdict:
        raise RuntimeError("bug")


async def test_a_guard_that_fails_lets_nothing_pass(tmp_path: Path) -> None:
    async with fake_upstream(answer(chat_reply("hi"))) as upstream, running(tmp_path, upstream) as gateway:
        in_force = gateway.gateway.in_force
        broken = BrokenGuard.__new__(BrokenGuard)
        broken.__dict__.update(in_force.guard.__dict__)
        object.__setattr__(in_force, "guard", broken)
        async with gateway.openai() as client:
            with pytest.raises(openai.InternalServerError, match="gateway failed"):
                await client.chat.completions.create(model="m", messages=HI)
        assert not upstream.received
        assert gateway.counts() == (0, 0, 1)


async def test_an_output_scanner_that_fails_lets_nothing_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("bug")

    monkeypatch.setattr(Guard, "_output", fail)
    async with (
        fake_upstream(answer(chat_reply("leak"))) as upstream,
        running(tmp_path, upstream) as gateway,
        gateway.openai() as client,
    ):
        with pytest.raises(openai.InternalServerError) as error:
            await client.chat.completions.create(model="m", messages=HI)
        assert "leak" not in error.value.response.text
        upstream.default = stream([chat(["leak and more ", "words"])])
        with pytest.raises(openai.APIError, match="gateway failed"):  # noqa: PT012
            async for chunk in await client.chat.completions.create(model="m", messages=HI, stream=True):
                assert "leak" not in chunk.model_dump_json()
        assert gateway.counts() == (2, 2, 0)


@pytest.mark.parametrize("place", ["append", "commit", "admit"])
async def test_without_journal_or_keeper_nothing_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    async with (
        fake_upstream(answer(chat_reply("hi"))) as upstream,
        running(tmp_path, upstream, policy=PolicyDocument(version=1, keys=KEYS)) as gateway,
        gateway.openai() as client,
    ):
        services = gateway.gateway._services

        def fail(*_: Any) -> Any:
            raise JournalError("disk full") if place != "admit" else KeeperError("gone")

        async def fail_later(*_: Any) -> Any:
            fail()

        broken: Any = services.quota if place == "admit" else services.recorder
        monkeypatch.setattr(broken, place, fail if place == "append" else fail_later)
        with pytest.raises(openai.InternalServerError) as error:
            await client.chat.completions.create(model="m", messages=HI)
        assert error.value.status_code == 503
        assert not upstream.received
        monkeypatch.undo()
        assert (await client.chat.completions.create(model="m", messages=HI)).choices[0].message.content == "hi"


async def test_debug_streams_end_with_the_verdict_as_a_comment(tmp_path: Path) -> None:
    async with fake_upstream(stream([chat(["sk-abcDEF123456"])])) as upstream, running(tmp_path, upstream) as gateway:
        async with gateway.openai() as client:
            raw_reply = await client.chat.completions.with_raw_response.create(model="m", messages=HI, stream=True)
            text = (await raw_reply.http_response.aread()).decode()
        assert text.endswith(": bartizan verdict=redact rule=output.secret\n\n")
        assert "data: [DONE]" in text
        assert json.loads(text.split("data: ")[1].split("\n")[0])["object"] == "chat.completion.chunk"


async def test_the_loop_stays_free_while_a_large_text_is_read(tmp_path: Path) -> None:
    large: list[Any] = [{"role": "user", "content": "lorem ipsum dolor " * 20_000}]
    async with (
        fake_upstream(answer(chat_reply("hi"))) as upstream,
        running(tmp_path, upstream) as gateway,
        gateway.openai() as client,
    ):
        slow = asyncio.create_task(client.chat.completions.create(model="m", messages=large))
        await client.chat.completions.create(model="m", messages=HI)
        await slow
        assert gateway.counts() == (2, 2, 0)
