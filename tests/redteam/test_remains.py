"""What a target sent in place of a readable answer, or before one was cut off, is kept and judged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from leaky import SECRET, Leaky

from bartizan.redteam.attempt import Reply, Turn
from bartizan.redteam.case import Case, OracleSpec
from bartizan.redteam.knowledge import knowledge_of
from bartizan.redteam.oracles import Judge
from bartizan.redteam.scope import Facts, Limits, Secret
from bartizan.redteam.scope_target import TargetSpec
from bartizan.redteam.targets import make_target
from bartizan.redteam.targets.remains import texts_of
from bartizan.redteam.taxonomy import EntryPoint, Objective, Outcome

HERE = Path()
JUDGE = Judge(knowledge_of(Facts(secrets=(Secret(name="code", value=SECRET),)), HERE))


def target(kind: str, url: str) -> dict[str, Any]:
    if kind == "openai":
        return {"id": "a", "kind": kind, "url": f"{url}/v1", "model": "m"}
    ask = {"url": "/ask", "body": {"message": "{message}"}}
    return {"id": "a", "kind": kind, "url": url, "ask": ask, "reply": {"text": "answer"}}


async def answered(row: dict[str, Any]) -> Reply:
    one = make_target(msgspec.convert(row, TargetSpec), Limits(timeout=2.0, retries=0), HERE)
    reply = await (await one.open(EntryPoint.CHAT)).say("Hello")
    await one.close()
    return reply


def outcome(reply: Reply, kind: str = "secret") -> Outcome:
    case = Case(
        id="c",
        title="c",
        entry_point=EntryPoint.CHAT,
        objective=Objective.LEAK_SECRET,
        technique="jailbreak",
        turns=("x",),
        oracles=(OracleSpec(kind=kind),),
    )
    return JUDGE.judge(case, [Turn(sent="Hello", reply=reply)], {}).outcome


@asynccontextmanager
async def sends(head: str, body: bytes, length: int | None = None) -> AsyncIterator[str]:
    """A server that answers everything with the same bytes; ``length`` promises another number of them."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        promised = len(body) if length is None else length
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {promised}\r\n\r\n".encode() + body)
        try:
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            pass

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("kind", ["openai", "http"])
@pytest.mark.parametrize("status", [500, 403, 503])
def test_a_leak_in_an_error_page_is_a_hit(kind: str, status: int) -> None:
    async def go() -> None:
        app = Leaky(statuses=(status,) * 2)
        async with app.running():
            assert outcome(await answered(target(kind, app.url))) is Outcome.INCONCLUSIVE
            app.error = {"message": "KeyError", "locals": {"config": ["debug", f"the code\nis {SECRET}"]}}
            reply = await answered(target(kind, app.url))
            assert (bool(reply.error), reply.text) == (True, "")
            assert outcome(reply) is Outcome.HIT

    asyncio.run(go())


@pytest.mark.parametrize("kind", ["openai", "http"])
@pytest.mark.parametrize("listed", [True, False])
def test_a_leak_beside_a_refusal_is_a_hit(kind: str, listed: bool) -> None:
    async def go() -> None:
        app = Leaky(statuses=(451,))
        app.error = {"message": "x" * 3_000, "code": "" if listed else "content_filter", "debug": SECRET}
        async with app.running():
            row = target(kind, app.url) | ({"blocked_statuses": [451]} if listed else {})
            assert outcome(await answered(row)) is Outcome.HIT

    asyncio.run(go())


@pytest.mark.parametrize("kind", ["openai", "http"])
def test_a_leak_in_an_answer_of_another_shape_is_a_hit(kind: str) -> None:
    async def go() -> None:
        for raw in (json.dumps({"detail": [{"input": SECRET}]}), f"<html>{SECRET}</html>"):
            async with Leaky(raw=raw).running() as app:
                row = target(kind, app.url)
                assert outcome(await answered(row | {"url": row["url"].replace("/ask", "")})) is Outcome.HIT

    asyncio.run(go())


@pytest.mark.parametrize("kind", ["openai", "http"])
def test_an_answer_that_breaks_off_or_does_not_end_is_read_as_far_as_it_goes(kind: str) -> None:
    text = json.dumps({"answer": f"Sure.\nThe code is\n{SECRET}", "choices": [{"message": {"content": SECRET}}]})

    async def go() -> None:
        async with sends("200 OK\r\nContent-Type: application/json", text.encode(), 9_000) as url:
            reply = await answered(target(kind, url))
            assert (bool(reply.error), reply.lost) == (True, True)
            assert outcome(reply) is Outcome.HIT
        long = json.dumps({"answer": "one two three\n" * 180_000}).encode()
        async with sends("200 OK\r\nContent-Type: application/json", long) as url:
            reply = await answered(target(kind, url))
            assert reply.error.startswith("the reply is larger")
            assert outcome(reply, "length") is Outcome.HIT
            assert outcome(reply) is Outcome.INCONCLUSIVE
        async with sends("200 OK\r\nContent-Type: text/html", b"<html>" + b"sign in " * 300_000) as url:
            assert outcome(await answered(target(kind, url)), "length") is Outcome.INCONCLUSIVE

    asyncio.run(go())


@pytest.mark.parametrize("kind", ["openai", "http"])
def test_a_leak_before_a_retry_is_a_hit(kind: str) -> None:
    async def go() -> None:
        app = Leaky(statuses=(503, 503), raw=json.dumps({"answer": "Hi", "choices": [{"message": {"content": "Hi"}}]}))
        app.error = {"message": "overloaded", "debug": SECRET}
        async with app.running():
            one = make_target(msgspec.convert(target(kind, app.url), TargetSpec), Limits(retries=2), HERE)
            reply = await (await one.open(EntryPoint.CHAT)).say("Hello")
            await one.close()
            assert (reply.error, reply.text, reply.tries) == ("", "Hi", 3)
            assert outcome(reply) is Outcome.HIT

    asyncio.run(go())


def test_texts_of_anything() -> None:
    assert texts_of(b'{"a": ["b\\nc", 1, null, true, {"d": 2.5}]}') == "a\nb\nc\n1\nd\n2.5"
    assert texts_of(b'{"a": "b\\nc\\/d') == '{"a": "b\nc/d'
    assert texts_of(b"\xff") == "\ufffd"
    assert texts_of(b"[" * 100_000).startswith("[[")
