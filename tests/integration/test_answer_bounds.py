"""Limits on answers, with the real OpenAI and Anthropic clients through a real gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from fake_upstream import answer, stream
from running import KEYS
from streams import chat, completions, messages, responses
from test_sdk_clients import HI, chat_reply, messages_reply, scene

from bartizan.core.event import RequestCompleted
from bartizan.core.verdict import Action
from bartizan.policy.answers import Answers
from bartizan.policy.document import PolicyDocument

POLICY = PolicyDocument(version=1, keys=KEYS, answers=Answers(max_tokens=300, max_choices=2, max_characters=20))
LONG = ["hello ", "to ", "everybody ", "out ", "there ", "and ", "so ", "on"] * 40
TEXT = "".join(LONG)


async def test_chat(tmp_path: Path) -> None:
    async with scene(tmp_path, answer(chat_reply(TEXT)), POLICY) as (gateway, upstream), gateway.openai() as client:
        said = await client.chat.completions.create(model="m", messages=HI, n=5, max_tokens=10**6)
        assert (said.choices[0].message.content, said.choices[0].finish_reason) == (TEXT[:20], "length")
        assert (upstream.received[0].document["max_tokens"], upstream.received[0].document["n"]) == (300, 2)
        upstream.default = stream([chat(LONG)])
        with pytest.raises(openai.LengthFinishReasonError) as raised:  # as for any answer that is cut off
            async with client.chat.completions.stream(model="m", messages=HI) as streamed:
                await streamed.get_final_completion()
        whole = raised.value.completion.choices[0]
        assert (whole.message.content, whole.finish_reason) == (TEXT[:20], "length")
        assert upstream.received[1].document["max_completion_tokens"] == 300
        done = [event for event in gateway.events() if isinstance(event, RequestCompleted)]
        assert [(one.rule, one.action, one.error) for one in done] == [
            ("answers.max_characters", Action.REDACT, "")
        ] * 2  # fmt: skip


async def test_completions(tmp_path: Path) -> None:
    async with scene(tmp_path, stream([completions(LONG)]), POLICY) as (gateway, upstream), gateway.openai() as client:
        text, finish = "", None
        async for chunk in await client.completions.create(
            model="m", prompt="hi", stream=True, extra_body={"n_predict": -1}
        ):
            text += chunk.choices[0].text
            finish = chunk.choices[0].finish_reason or finish
        assert (text, finish) == (TEXT[:20], "length")
        assert upstream.received[0].document["max_tokens"] == upstream.received[0].document["n_predict"] == 300


async def test_responses(tmp_path: Path) -> None:
    async with scene(tmp_path, stream([responses(LONG)]), POLICY) as (gateway, upstream), gateway.openai() as client:
        kinds: list[str] = []
        last: Any = None
        async for event in await client.responses.create(model="m", input="hi", stream=True):
            kinds.append(event.type)
            last = event
        assert last.type == "response.incomplete"
        assert last.response.status == "incomplete"
        assert last.response.incomplete_details.reason == "max_output_tokens"
        assert last.response.output_text == TEXT[:20]
        assert kinds[-4:-1] == ["response.output_text.done", "response.content_part.done", "response.output_item.done"]
        assert upstream.received[0].document["max_output_tokens"] == 300


async def test_messages(tmp_path: Path) -> None:
    async with (
        scene(tmp_path, answer(messages_reply(TEXT)), POLICY) as (gateway, upstream),
        gateway.anthropic() as client,
    ):
        said: Any = await client.messages.create(model="m", messages=HI, max_tokens=5_000)
        assert (said.content[0].text, said.stop_reason) == (TEXT[:20], "max_tokens")
        upstream.default = stream([messages(LONG)])
        async with client.messages.stream(model="m", messages=HI, max_tokens=5_000) as streamed:
            final: Any = await streamed.get_final_message()
        assert (final.content[0].text, final.stop_reason) == (TEXT[:20], "max_tokens")
        assert upstream.received[1].document["max_tokens"] == 300


async def test_a_request_for_more_is_refused_where_policy_says_so(tmp_path: Path) -> None:
    policy = PolicyDocument(version=1, keys=KEYS, answers=Answers(max_tokens=300, larger="refuse"))
    async with scene(tmp_path, answer(chat_reply("hello")), policy) as (gateway, upstream):
        async with gateway.openai() as client:
            with pytest.raises(openai.BadRequestError, match="max_tokens: at most 300"):
                await client.chat.completions.create(model="m", messages=HI, max_tokens=301)
            await client.chat.completions.create(model="m", messages=HI, max_tokens=300)
        async with gateway.anthropic() as other:
            with pytest.raises(anthropic.BadRequestError, match="max_tokens: at most 300"):
                await other.messages.create(model="m", messages=HI, max_tokens=301)
        assert len(upstream.received) == 1
