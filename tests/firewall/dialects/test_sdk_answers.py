"""Refusals and errors, as the real SDKs read them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel
from tests.firewall.dialects.conftest import Loopback

from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily, Document, Request

DIALECTS = build_dialects()
TEXT = "Sorry, I cannot help with that: this request was declined by policy."
SAY: list[Any] = [{"role": "user", "content": "hi"}]


class Answer(BaseModel):
    value: int


def request_of(family: ApiFamily, document: Document) -> Request:
    return DIALECTS[family].request(document)


CHAT = request_of(
    ApiFamily.CHAT_COMPLETIONS, {"model": "m", "messages": SAY, "stream_options": {"include_usage": True}}
)
RESPONSES = request_of(ApiFamily.RESPONSES, {"model": "m", "input": "hi"})
AS_JSON: Document = {"format": {"type": "json_schema", "name": "Answer", "schema": Answer.model_json_schema()}}
STRUCTURED = request_of(ApiFamily.RESPONSES, {"model": "m", "input": "hi", "text": AS_JSON})
COMPLETIONS = request_of(ApiFamily.COMPLETIONS, {"model": "m", "prompt": "hi"})
EMBEDDINGS = request_of(ApiFamily.EMBEDDINGS, {"model": "m", "input": "hi"})
MESSAGES = request_of(ApiFamily.MESSAGES, {"model": "m", "max_tokens": 5, "messages": SAY})
COUNT = request_of(ApiFamily.COUNT_TOKENS, {"model": "m", "messages": [{"role": "user", "content": "hi"}]})
REQUESTS = [CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS, MESSAGES]


@pytest.fixture
def client(loopback: Loopback) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{loopback.url}/v1", api_key="k", max_retries=0) as made:
        yield made


@pytest.fixture
def claude(loopback: Loopback) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=loopback.url, api_key="k", max_retries=0) as made:
        yield made


def refuse(loopback: Loopback, request: Request) -> None:
    loopback.answer(DIALECTS[request.family].refusal_document(request, TEXT, "req_1"))


def refuse_stream(loopback: Loopback, request: Request) -> None:
    loopback.stream(DIALECTS[request.family].refusal_stream(request, TEXT, "req_1"))


def test_chat_refusal(loopback: Loopback, client: openai.OpenAI) -> None:
    refuse(loopback, CHAT)
    answer = client.chat.completions.create(model="m", messages=SAY)
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].message.refusal == TEXT
    parsed = client.chat.completions.parse(model="m", messages=SAY, response_format=Answer)
    assert parsed.choices[0].message.parsed is None
    assert parsed.choices[0].message.refusal == TEXT


def test_chat_refusal_streams(loopback: Loopback, client: openai.OpenAI) -> None:
    refuse_stream(loopback, CHAT)
    chunks = list(client.chat.completions.create(model="m", messages=SAY, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT
    assert chunks[-1].usage is not None
    with client.chat.completions.stream(model="m", messages=SAY, response_format=Answer) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.refusal == TEXT


def test_responses_refusal(loopback: Loopback, client: openai.OpenAI) -> None:
    refuse(loopback, RESPONSES)
    answer = client.responses.create(model="m", input="hi")
    part: Any = answer.output[0]
    assert answer.status == "completed"
    assert answer.output_text == TEXT
    assert part.content[1].refusal == TEXT


def test_responses_refusal_where_json_was_asked_for(loopback: Loopback, client: openai.OpenAI) -> None:
    refuse(loopback, STRUCTURED)
    answer = client.responses.parse(model="m", input="hi", text_format=Answer)
    part: Any = answer.output[0]
    assert answer.output_parsed is None
    assert part.content[0].refusal == TEXT
    refuse_stream(loopback, STRUCTURED)
    with client.responses.stream(model="m", input="hi", text_format=Answer) as stream:
        final: Any = stream.get_final_response()
    assert final.output[0].content[0].refusal == TEXT


def test_responses_refusal_streams(loopback: Loopback, client: openai.OpenAI) -> None:
    refuse_stream(loopback, RESPONSES)
    events = list(client.responses.create(model="m", input="hi", stream=True))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == TEXT
    with client.responses.stream(model="m", input="hi") as stream:
        final: Any = stream.get_final_response()
    assert final.output_text == TEXT
    assert final.output[0].content[1].refusal == TEXT


def test_completions_refusal(loopback: Loopback, client: openai.OpenAI) -> None:
    refuse(loopback, COMPLETIONS)
    assert client.completions.create(model="m", prompt="hi").choices[0].text == TEXT
    refuse_stream(loopback, COMPLETIONS)
    chunks = client.completions.create(model="m", prompt="hi", stream=True)
    assert "".join(chunk.choices[0].text for chunk in chunks) == TEXT


def test_embeddings_refusal_is_an_error(loopback: Loopback, client: openai.OpenAI) -> None:
    loopback.answer(DIALECTS[ApiFamily.EMBEDDINGS].refusal_document(EMBEDDINGS, TEXT, "req_1"), 403)
    with pytest.raises(openai.PermissionDeniedError, match="declined"):
        client.embeddings.create(model="m", input="hi")


def test_a_refused_count_is_an_error(loopback: Loopback, claude: anthropic.Anthropic) -> None:
    loopback.answer(DIALECTS[ApiFamily.COUNT_TOKENS].refusal_document(COUNT, TEXT, "req_1"), 403)
    with pytest.raises(anthropic.PermissionDeniedError, match="declined"):
        claude.messages.count_tokens(model="m", messages=[{"role": "user", "content": "hi"}])


def test_messages_refusal(loopback: Loopback, claude: anthropic.Anthropic) -> None:
    refuse(loopback, MESSAGES)
    answer = claude.messages.create(model="m", max_tokens=5, messages=SAY)
    assert answer.stop_reason == "refusal"
    assert answer.content[0].type == "text"
    assert answer.content[0].text == TEXT


def test_messages_refusal_streams(loopback: Loopback, claude: anthropic.Anthropic) -> None:
    refuse_stream(loopback, MESSAGES)
    events = list(claude.messages.create(model="m", max_tokens=5, messages=SAY, stream=True))
    assert events[-1].type == "message_stop"
    with claude.messages.stream(model="m", max_tokens=5, messages=SAY) as stream:
        assert stream.get_final_text() == TEXT
        assert stream.get_final_message().stop_reason == "refusal"


def test_async_clients_read_refusals(loopback: Loopback) -> None:
    async def run() -> None:
        async with openai.AsyncOpenAI(base_url=f"{loopback.url}/v1", api_key="k", max_retries=0) as client:
            refuse(loopback, CHAT)
            answer = await client.chat.completions.create(model="m", messages=SAY)
            assert answer.choices[0].message.content == TEXT
            refuse_stream(loopback, RESPONSES)
            async with client.responses.stream(model="m", input="hi") as stream:
                final: Any = await stream.get_final_response()
            assert final.output_text == TEXT
        async with anthropic.AsyncAnthropic(base_url=loopback.url, api_key="k", max_retries=0) as claude:
            refuse(loopback, MESSAGES)
            said = await claude.messages.create(model="m", max_tokens=5, messages=SAY)
            assert said.stop_reason == "refusal"
            refuse_stream(loopback, MESSAGES)
            async with claude.messages.stream(model="m", max_tokens=5, messages=SAY) as told:
                assert await told.get_final_text() == TEXT

    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (429, "RateLimitError"),
        (502, "InternalServerError"),
    ],
)
def test_errors(loopback: Loopback, client: openai.OpenAI, claude: anthropic.Anthropic, status: int, kind: str) -> None:
    for request in REQUESTS:
        loopback.answer(DIALECTS[request.family].error_document(status, "no", "some_code", "req_1"), status)
        if request.family is ApiFamily.MESSAGES:
            with pytest.raises(getattr(anthropic, kind)) as caught:
                claude.messages.create(model="m", max_tokens=5, messages=SAY)
            assert caught.value.body["error"]["message"] == "no"
        else:
            with pytest.raises(getattr(openai, kind)) as failed:
                client.chat.completions.create(model="m", messages=SAY)
            assert failed.value.code == "some_code"


def test_a_blocked_stream_raises_a_clean_error(
    loopback: Loopback, client: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    def end(request: Request) -> None:
        loopback.stream(DIALECTS[request.family].reader(request).blocked("declined", "req_1"))

    end(CHAT)
    with pytest.raises(openai.APIError, match="declined"):
        list(client.chat.completions.create(model="m", messages=SAY, stream=True))
    end(COMPLETIONS)
    with pytest.raises(openai.APIError, match="declined"):
        list(client.completions.create(model="m", prompt="hi", stream=True))
    end(RESPONSES)
    with pytest.raises(openai.APIError, match="declined"):
        list(client.responses.create(model="m", input="hi", stream=True))
    end(RESPONSES)
    with pytest.raises(openai.APIError, match="declined"), client.responses.stream(model="m", input="hi") as stream:
        list(stream)
    end(MESSAGES)
    with pytest.raises(anthropic.APIStatusError, match="declined"):
        list(claude.messages.create(model="m", max_tokens=5, messages=SAY, stream=True))
