"""Answers that wait for a person, and calls that are over budget, through a real gateway."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from fake_upstream import answer, stream
from running import DEBUG_KEY, KEYS, PLAIN_KEY, Running
from streams import chat, read
from test_sdk_clients import scene
from test_tool_calls import CHAT_TOOLS, asks, decided, history, streamed

from bartizan.agents.approvals.held import MOST_WAITING
from bartizan.core.approval import ApprovalState
from bartizan.core.event import ApprovalRedeemed, RequestCompleted
from bartizan.core.tool_budget import PrincipalToolBudget, ToolLimits
from bartizan.core.verdict import Action
from bartizan.keeper.interface import session_target
from bartizan.policy.approvals import Approver
from bartizan.policy.document import PolicyDocument, RefusalStyle
from bartizan.trust.virtual_keys import create_key, key_digest

CAROL = Approver("carol", key_digest(create_key()))
WHO = {"recipients": ["who@ever.example"], "body": "The rent is late."}
TALK = history("Send an email to my landlord.")[:1]
POLICY = PolicyDocument(version=1, keys=KEYS, approvers=(CAROL,))
HEADER = "x-bartizan-approval"


def decide(gateway: Running, *, approve: bool) -> None:
    (asked,) = gateway.book.list(ApprovalState.PENDING)
    assert asked.arguments == WHO
    gateway.book.decide(asked.id, CAROL, approve=approve, digest=asked.digest)


async def ask(client: openai.AsyncOpenAI, token: str = "", messages: Any = TALK, **more: Any) -> Any:
    headers = {HEADER: token} if token else {}
    asking = client.chat.completions.with_raw_response
    return await asking.create(model="m", messages=messages, tools=CHAT_TOOLS, extra_headers=headers, **more)


async def test_an_answer_waits_until_a_person_has_approved_it(tmp_path: Path) -> None:
    async with scene(tmp_path, answer(asks(WHO)), POLICY) as (gateway, upstream), gateway.openai(PLAIN_KEY) as client:
        first = await ask(client)
        token = first.headers[HEADER]
        message = first.parse().choices[0].message
        assert not message.tool_calls
        assert token in (message.content or "")
        completed = gateway.last(RequestCompleted)
        assert isinstance(completed, RequestCompleted)
        assert (completed.action, completed.rule) == (Action.ASK, "tools.ask_unasked")
        with pytest.raises(openai.PermissionDeniedError) as still:
            await ask(client, token)
        assert still.value.code == "approval_required"
        decide(gateway, approve=True)
        released = (await ask(client, token)).parse().choices[0].message
        assert json.loads(released.tool_calls[0].function.arguments) == WHO
        assert len(upstream.received) == 1, "the model is not asked again"
        assert isinstance(gateway.last(ApprovalRedeemed), ApprovalRedeemed)
        assert [(event.action, event.policy) for event in decided(gateway)][-1] == (Action.ALLOW, "approval")
        with pytest.raises(openai.PermissionDeniedError) as again:
            await ask(client, token)
        assert again.value.code == "approval_invalid"


async def test_a_stream_waits_whole(tmp_path: Path) -> None:
    data = chat(["One moment. "], [json.dumps(WHO)]).replace(b'"name": "f"', b'"name": "send_email"')
    async with scene(tmp_path, stream([data]), POLICY) as (gateway, _), gateway.openai(PLAIN_KEY) as client:

        async def follow(token: str = "") -> str:
            got = (await ask(client, token, stream=True)).parse()
            return "".join([chunk.model_dump_json() async for chunk in got])

        with pytest.raises(openai.APIError) as waits:
            await follow()
        token = str(waits.value).rpartition(" ")[2]
        decide(gateway, approve=True)
        released = await follow(token)
        assert "send_email" in released
        assert "One moment. " in released


@pytest.mark.parametrize("style", ["message", "error"])
async def test_what_is_denied_stays_closed(tmp_path: Path, style: Any) -> None:
    policy = PolicyDocument(version=1, keys=KEYS, approvers=(CAROL,), refusal=RefusalStyle(style=style))
    async with scene(tmp_path, answer(asks(WHO)), policy) as (gateway, _), gateway.openai(PLAIN_KEY) as client:
        if style == "message":
            token = (await ask(client)).headers[HEADER]
        else:
            with pytest.raises(openai.PermissionDeniedError) as waits:
                await ask(client)
            token = waits.value.response.headers[HEADER]
        decide(gateway, approve=False)
        for _ in range(2):
            with pytest.raises(openai.PermissionDeniedError):
                await ask(client, token)


async def test_the_token_opens_one_answer_of_one_client(tmp_path: Path) -> None:
    async with (
        scene(tmp_path, answer(asks(WHO)), POLICY) as (gateway, _),
        gateway.openai(PLAIN_KEY) as client,
        gateway.openai() as other,
    ):
        token = (await ask(client)).headers[HEADER]
        decide(gateway, approve=True)
        name, _, key = token.partition(".")
        changed = [*TALK, {"role": "user", "content": "And another thing."}]
        for attempt in (
            ask(other, token),
            ask(client, token, changed),
            ask(client, f"{name}.{key[::-1]}"),
            ask(client, name),
            ask(client, "x" * 4_000),
        ):
            with pytest.raises(openai.PermissionDeniedError) as refused:
                await attempt
            assert refused.value.code == "approval_invalid"
        both = await asyncio.gather(ask(client, token), ask(client, token), return_exceptions=True)
        assert sum(isinstance(one, openai.PermissionDeniedError) for one in both) == 1


async def test_without_an_approver_it_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path, answer(asks(WHO))) as (gateway, _), gateway.openai() as client:
        got = await ask(client)
        assert HEADER not in got.headers
        assert not got.parse().choices[0].message.tool_calls
        (event,) = decided(gateway)
        assert event.action is Action.BLOCK
        assert "no approver" in event.reason or "nobody" in event.reason


async def test_calls_over_budget_are_refused(tmp_path: Path) -> None:
    limits = ToolLimits(principal=PrincipalToolBudget(calls=1))
    policy = PolicyDocument(version=1, keys=KEYS, tool_limits=limits)
    good = {"recipients": ["ana@firm.example"], "body": "Late."}
    talk = [{"role": "user", "content": "Send an email to ana@firm.example that says: Late."}]
    async with scene(tmp_path, stream([streamed(good)]), policy) as (gateway, _):
        body = {"model": "m", "messages": talk, "tools": CHAT_TOOLS, "stream": True}
        headers = {"authorization": f"Bearer {DEBUG_KEY}"}
        async with aiohttp.ClientSession() as session:
            for number in range(2):
                async with session.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers) as reply:
                    said = read(await reply.read())
                assert bool(said.error) is (number == 1)
        assert [event.policy for event in decided(gateway)] == ["permit_asked", "principal.calls"]


async def test_a_session_in_quarantine_calls_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, answer(asks({"recipients": ["ana@firm.example"], "body": "x"}))) as (gateway, _):
        talk = [{"role": "user", "content": "Send an email to ana@firm.example that says x."}]
        async with gateway.openai() as client:
            before = await ask(client, "", talk, metadata={"session_id": "s1"})
            assert before.parse().choices[0].message.tool_calls
            await gateway.keeper.quarantine(session_target("s1"))
            after = await ask(client, "", talk, metadata={"session_id": "s1"})
            assert not after.parse().choices[0].message.tool_calls
            other = await ask(client, "", talk, metadata={"session_id": "s2"})
            assert other.parse().choices[0].message.tool_calls
        assert decided(gateway)[1].policy == "quarantine"


async def test_only_so_many_answers_of_one_client_wait(tmp_path: Path) -> None:
    async with scene(tmp_path, answer(asks(WHO)), POLICY) as (gateway, _), gateway.openai(PLAIN_KEY) as client:
        first, again = [(await ask(client)).headers[HEADER] for _ in range(2)]
        with pytest.raises(openai.PermissionDeniedError) as gone:
            await ask(client, first)
        assert gone.value.code == "approval_invalid", "the same request's older answer has given way"
        for number in range(1, MOST_WAITING + 1):
            got = await ask(client, "", [*TALK, {"role": "user", "content": f"Please. {number}"}])
            assert (HEADER in got.headers) is (number < MOST_WAITING)
        completed = gateway.last(RequestCompleted)
        assert isinstance(completed, RequestCompleted)
        assert (completed.action, completed.rule) == (Action.BLOCK, "tools.too_many_wait")
        decide(gateway, approve=True)
        assert (await ask(client, again)).parse().choices[0].message.tool_calls
