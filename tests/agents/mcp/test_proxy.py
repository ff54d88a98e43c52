"""An unmodified client of the SDK through the proxy, in both eras of the protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from harness import Journal, bench
from mcp import Client, MCPError

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.book import ApprovalBook
from bartizan.agents.approvals.shared import SharedApprovals
from bartizan.core.event import McpAnswered, ToolDecided
from bartizan.core.verdict import Action
from bartizan.policy.approvals import ApprovalRules, Approver
from bartizan.store.database import open_database

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


def test_a_call_that_needs_asking_runs_once_when_it_comes_back_approved(tmp_path: Path) -> None:
    """With the real store of approvals, decided as its listener decides."""
    journal = Journal()
    carol = Approver(name="carol", sha256="0" * 64)
    database = open_database("sqlite:///approvals.db", tmp_path)
    book = ApprovalBook(database, journal)
    approvals = SharedApprovals(book, lambda: (ApprovalRules(), Approvers([carol])), journal)

    async def run() -> None:
        async with bench(tmp_path, "honest", approvals=approvals) as made, Client(made.proxy.server) as client:
            asked = await client.call_tool("shout", {"text": "ask"})
            assert asked.is_error
            assert asked.meta is not None
            given = asked.meta["io.readthedocs.bartizan/approval"]
            assert given in text(asked)
            waiting = await client.call_tool("shout", {"text": "ask"})
            assert waiting.meta is not None
            assert waiting.meta["io.readthedocs.bartizan/approval"] == given
            book.decide(given, carol, approve=True, digest=book.find(given).digest)
            other = await client.call_tool("shout", {"text": "ask more"})
            assert other.is_error, "an approval is for one exact call"
            assert text(await client.call_tool("shout", {"text": "ask"})) == "ASK"
            again = await client.call_tool("shout", {"text": "ask"})
            assert again.is_error, "and for one time"
            meta: Any = {"io.readthedocs.bartizan/approval": given}
            assert (await client.call_tool("shout", {"text": "ask"}, meta=meta)).is_error
            assert again.meta is not None
            denied = again.meta["io.readthedocs.bartizan/approval"]
            book.decide(denied, carol, approve=False, digest=book.find(denied).digest)
            assert text(await client.call_tool("shout", {"text": "ask"})).startswith("This call was declined")
            actions = [decided.action for decided in made.journal.of(ToolDecided)]
            assert actions == ["ask", "ask", "ask", "allow", "ask", "ask", "block"]
            released = [d for d in made.journal.of(ToolDecided) if d.action is Action.ALLOW]
            assert released[0].approval == given
        await approvals.close()

    asyncio.run(run())
    database.close()


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
