"""An unmodified client of the SDK through the proxy, in both eras of the protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from harness import bench
from mcp import Client, MCPError

from bartizan.core.event import McpAnswered, ToolDecided
from bartizan.core.verdict import Action

ERAS = ["legacy", "auto"]


def text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


@pytest.mark.parametrize("era", ERAS)
def test_a_pinned_tool_works_and_is_recorded(tmp_path: Path, era: str) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, Client(made.proxy.server, mode=era) as client:
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == ["shout"]
            assert tools[0].input_schema["required"] == ["text"]
            result = await client.call_tool("shout", {"text": "hello"})
            assert text(result) == "HELLO"
            assert not result.is_error
            (decided,) = made.journal.of(ToolDecided)
            (answered,) = made.journal.of(McpAnswered)
            assert decided.action is Action.ALLOW
            assert decided.call == answered.call
            assert answered.milliseconds > 0
            assert made.journal.events.index(decided) < made.journal.events.index(answered)

    asyncio.run(run())


@pytest.mark.parametrize("era", ERAS)
def test_nothing_is_offered_or_called_before_it_is_pinned(tmp_path: Path, era: str) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest", pinned=False) as made, Client(made.proxy.server, mode=era) as client:
            assert not (await client.list_tools()).tools
            result = await client.call_tool("shout", {"text": "hello"})
            assert result.is_error
            assert "HELLO" not in text(result)
            assert made.states() == {"shout": "new"}

    asyncio.run(run())


def test_the_guard_blocks_and_the_client_learns_no_reason(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, Client(made.proxy.server) as client:
            result = await client.call_tool("shout", {"text": "forbidden"})
            assert result.is_error
            (decided,) = made.journal.of(ToolDecided)
            assert decided.call in text(result)
            assert "as told" not in text(result)
            assert not made.journal.of(McpAnswered)

    asyncio.run(run())


def test_the_guard_hears_the_task_and_every_result(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest", task="Shout at people.") as made, Client(made.proxy.server) as client:
            meta: Any = {"io.readthedocs.bartizan/task": "Shout hello."}
            await client.call_tool("shout", {"text": "hello"}, meta=meta)
            await client.call_tool("shout", {"text": "world"}, meta=meta)
            assert made.guard.log == [
                ("operator", "Shout at people."),
                ("user", "Shout hello."),
                ("call", "shout"),
                ("result", "HELLO"),
                ("call", "shout"),
                ("result", "WORLD"),
            ]
            assert made.guard.made == 1

    asyncio.run(run())


class Approver:
    """Approves what it is told to."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[str, str, str]] = {}
        self.approved: set[str] = set()

    async def request(self, decision: Any, call: Any, session: str, principal: str, on_behalf_of: Any = ()) -> str:
        key = (decision.digest, session, principal)
        for given, held in self.asked.items():
            if held == key:
                return given
        given = f"apr_{len(self.asked)}"
        self.asked[given] = key
        return given

    async def redeem(self, approval: str, digest: str, session: str, principal: str) -> bool:
        if approval not in self.approved or self.asked.get(approval) != (digest, session, principal):
            return False
        self.approved.discard(approval)
        del self.asked[approval]
        return True

    async def pending(self) -> tuple[Any, ...]:
        return ()


def test_a_call_that_needs_asking_runs_once_when_it_comes_back_approved(tmp_path: Path) -> None:
    async def run() -> None:
        approver = Approver()
        async with bench(tmp_path, "honest", approvals=approver) as made, Client(made.proxy.server) as client:
            asked = await client.call_tool("shout", {"text": "ask"})
            assert asked.is_error
            assert asked.meta is not None
            given = asked.meta["io.readthedocs.bartizan/approval"]
            assert given in text(asked)
            approver.approved.add(given)
            other = await client.call_tool("shout", {"text": "ask more"})
            assert other.is_error, "an approval is for one exact call"
            assert text(await client.call_tool("shout", {"text": "ask"})) == "ASK"
            assert (await client.call_tool("shout", {"text": "ask"})).is_error, "and for one time"
            assert [d.action for d in made.journal.of(ToolDecided)] == ["ask", "ask", "allow", "ask"]

    asyncio.run(run())


def test_without_an_approver_what_needs_asking_is_declined(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, Client(made.proxy.server) as client:
            assert (await client.call_tool("shout", {"text": "ask"})).is_error
            assert made.journal.of(ToolDecided)[0].action is Action.BLOCK

    asyncio.run(run())


@pytest.mark.parametrize("era", ERAS)
def test_an_unknown_tool_is_the_protocols_error(tmp_path: Path, era: str) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, Client(made.proxy.server, mode=era) as client:
            with pytest.raises(MCPError) as caught:
                await client.call_tool("nothing", {})
            assert caught.value.code == types.INVALID_PARAMS

    asyncio.run(run())


def test_arguments_that_do_not_fit_the_schema_never_reach_the_server(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, Client(made.proxy.server) as client:
            for wrong in ({}, {"text": 5}):
                result = await client.call_tool("shout", wrong)
                assert result.is_error
                assert "text" in text(result)
            assert not made.journal.of(ToolDecided)

    asyncio.run(run())


def test_resources_and_prompts_are_served_and_suspicious_ones_left_out(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, Client(made.proxy.server) as client:
            assert [resource.name for resource in (await client.list_resources()).resources] == ["one"]
            read = await client.read_resource("note://one")
            assert read.contents[0].text == "the note note://one"  # type: ignore[union-attr]
            assert (await client.list_resource_templates()).resource_templates[0].uri_template == "note://by/{id}"
            await client.read_resource("note://by/7")
            with pytest.raises(MCPError):
                await client.read_resource("note://by/poison")
            with pytest.raises(MCPError):
                await client.read_resource("file:///etc/passwd")
            prompt = await client.get_prompt("greet")
            assert prompt.messages[0].content.text == "Say hello."  # type: ignore[union-attr]
            assert ("result", "the note note://one") in made.guard.log or not made.guard.made

    asyncio.run(run())
