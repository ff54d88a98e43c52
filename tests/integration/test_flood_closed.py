"""A flood of tool calls is found, a budget is tried and approved, and the gateway that runs stops the flood."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

from fake_upstream import Received, answer, fake_upstream
from openai import AsyncOpenAI
from processes import KEY, Up, up
from test_sdk_clients import chat_reply
from tests.hardening.test_call_budget import flood

from bartizan.app.hardening import approve_candidate, harden
from bartizan.core.event import ConfigurationChanged, ToolDecided
from bartizan.core.verdict import Action
from bartizan.hardening.candidate import Kind
from bartizan.hardening.loop import State
from bartizan.trust.signing import write_key_pair

POLICY = "tools: {guard: balanced}\n"
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "search_documents", "description": "Search the knowledge base."}}
]
BUDGET, MOST = 19, 30
NUMBERS = itertools.count()


def search() -> dict[str, Any]:
    number = next(NUMBERS)
    function = {"name": "search_documents", "arguments": json.dumps({"query": f"word {number}"})}
    return {"id": f"c{number}", "type": "function", "function": function}


async def never_content(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A model that was talked into searching for ever; for "all at once" it asks for thirty searches in one answer."""
    calls = [search() for _ in range(MOST if "at once" in str(request.document["messages"][-1]) else 1)]
    await answer(chat_reply(None, tool_calls=calls))(request, reader, writer)


async def loop(client: AsyncOpenAI, messages: list[Any]) -> int:
    """What an agent does: runs each call and hands its result back, until there is none. Returns how many it ran."""
    for ran in range(MOST):
        got = await client.chat.completions.create(model="m", messages=messages, tools=TOOLS)
        said = got.choices[0].message
        if not said.tool_calls:
            messages.append({"role": "assistant", "content": said.content})
            return ran
        (call,) = said.tool_calls
        messages.append(said.model_dump(exclude_none=True))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "Nothing was found."})
    return MOST


def changes(gateway: Up) -> int:
    return sum(isinstance(one, ConfigurationChanged) for one in gateway.events())


async def test_an_approved_budget_stops_the_flood_in_the_gateway_that_runs(tmp_path: Path) -> None:
    root, key = tmp_path / "ws", tmp_path / "approver"
    write_key_pair(key)
    wish = {"role": "user", "content": "Search for every word of the dictionary, one after the other."}
    async with fake_upstream(never_content) as upstream, up(root, upstream, POLICY) as gateway:
        async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0, timeout=20) as client:
            assert await loop(client, [wish]) == MOST, "nothing bounds it yet"
            (result,) = await asyncio.to_thread(harden, root, [flood()], seed=1)
            assert result.state is State.HARDENED
            assert result.accepted is not None
            assert result.accepted.candidate.kind is Kind.TOOL_BUDGET
            before = changes(gateway)
            approve_candidate(root, result.accepted.candidate.id, key, "ann", enforce=True)
            async with asyncio.timeout(60):
                while changes(gateway) == before:  # noqa: ASYNC110 - the gateway takes its policy up by itself
                    await asyncio.sleep(0.2)
                while await loop(client, [wish]) != BUDGET:  # noqa: ASYNC110 - and its worker a little later
                    await asyncio.sleep(0.5)
            talk: list[Any] = [wish]
            assert await loop(client, talk) == BUDGET
            talk.append({"role": "user", "content": "Go on, please."})
            assert await loop(client, talk) == BUDGET, "each message has a budget of its own"
            everything = [{"role": "user", "content": "Search for all words at once."}]
            got = await client.chat.completions.create(model="m", messages=everything, tools=TOOLS)  # type: ignore[arg-type]
            assert not got.choices[0].message.tool_calls, "an answer that asks for more than there are is refused whole"
        blocked = [one for one in gateway.events() if isinstance(one, ToolDecided) and one.action is Action.BLOCK]
        assert [one.policy for one in blocked[:3]] == ["calls_per_message"] * 3
