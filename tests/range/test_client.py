"""The client reports whatever the other side does; it never raises for it."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from tests.range.conftest import Handler, serving

from bartizan.range.client import Answer, Message, ModelClient

QUESTION = [Message("user", "hello")]


def ask(handler: Handler, *, stream: bool = False, seconds: float = 10.0) -> Answer:
    async def run() -> Answer:
        async with serving(handler) as url, ModelClient(url, "key", seconds=seconds) as client:
            return await client.complete(QUESTION, stream=stream)

    return asyncio.run(run())


def document(**message: object) -> dict[str, object]:
    return {"choices": [{"message": {"role": "assistant", **message}, "finish_reason": "stop"}]}


def sse(*lines: str, end: bool = True) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for line in (*lines, *(["data: [DONE]"] if end else [])):
            await response.write(f"{line}\n\n".encode())
        await response.write_eof()
        return response

    return handler


def delta(text: str) -> str:
    return "data: " + json.dumps({"choices": [{"delta": {"content": text}}]})


def test_sends_what_the_protocol_asks_for() -> None:
    seen: dict[str, object] = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(await request.json(), authorization=request.headers["Authorization"])
        return web.json_response(document(content="hi"))

    answer = ask(handler)
    assert (answer.text, answer.status, answer.error, answer.finish, answer.refused) == ("hi", 200, "", "stop", False)
    assert seen["messages"] == [{"role": "user", "content": "hello"}]
    assert (seen["temperature"], seen["stream"], seen["authorization"]) == (0, False, "Bearer key")
    assert answer.first_text == answer.milliseconds > 0


def test_joins_a_stream_and_reads_the_trailing_verdict() -> None:
    answer = ask(sse(delta("one "), ": bartizan verdict=block rule=output.canary", delta("two")), stream=True)
    assert (answer.text, answer.verdict, answer.rule, answer.error) == ("one two", "block", "output.canary", "")
    assert answer.refused
    assert 0 < answer.first_text <= answer.milliseconds


def test_a_stream_that_ends_early_is_an_error() -> None:
    answer = ask(sse(delta("half"), end=False), stream=True)
    assert (answer.text, answer.error) == ("half", "the stream ended early")


def test_an_error_event_is_an_error_with_the_text_so_far() -> None:
    answer = ask(sse(delta("half"), 'data: {"error": {"message": "stopped"}}', end=False), stream=True)
    assert (answer.text, answer.error) == ("half", "stopped")


def test_verdict_headers_of_a_debug_key_are_read() -> None:
    async def handler(_: web.Request) -> web.Response:
        headers = {"X-Bartizan-Verdict": "block", "X-Bartizan-Rule": "user.prompt_injection"}
        return web.json_response(document(content="declined", refusal="declined"), headers=headers)

    answer = ask(handler)
    assert answer.refused
    assert answer.rule == "user.prompt_injection"


def test_a_refusal_field_is_a_refusal_without_any_header() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(document(content="declined", refusal="declined"))

    assert ask(handler).refused
    assert ask(sse('data: {"choices": [{"delta": {"refusal": "declined"}}]}'), stream=True).refused


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"choices": 3}',
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": 7}}]}',
        b"\xff\xfe",
    ],
)
def test_nonsense_is_never_an_exception(body: bytes) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    answer = ask(handler)
    assert answer.text == ""
    assert answer.status == 200


def test_errors_keep_their_status_and_message() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "slow down"}}, status=429)

    answer = ask(handler)
    assert (answer.status, answer.error) == (429, "slow down")


def test_endless_answers_are_cut() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        line = (delta("x" * 10_000) + "\n\n").encode()
        for _ in range(300):
            await response.write(line)
        return response

    answer = ask(handler, stream=True)
    assert "too long" in answer.error
    assert len(answer.text) < 1_100_000


def test_silence_ends_with_the_time_limit() -> None:
    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    answer = ask(handler, seconds=0.2)
    assert (answer.status, answer.error) == (0, "no answer in time")


def test_nobody_listening_is_an_error() -> None:
    async def run() -> Answer:
        async with ModelClient("http://127.0.0.1:9/v1", "key") as client:
            return await client.complete(QUESTION)

    assert asyncio.run(run()).error


def test_must_be_entered_first() -> None:
    with pytest.raises(RuntimeError):
        asyncio.run(ModelClient("http://127.0.0.1:9/v1", "key").complete(QUESTION))
