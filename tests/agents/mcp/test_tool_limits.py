"""Budgets, loops and quarantine before every call, counted by the deployment's keeper once there is one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from harness import SERVER, bench
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from test_stdio import HERE, POLICY

from bartizan.agents.budgeting import use_of
from bartizan.agents.overriding import profile_of
from bartizan.agents.profile import Effect, Sink, ToolProfile
from bartizan.app.quarantining import set_quarantine
from bartizan.app.tool_budgets import Budgets
from bartizan.core.event import ToolDecided
from bartizan.core.tool import ToolCall, ToolDefinition
from bartizan.core.tool_budget import LoopLimit, PrincipalToolBudget, ToolBudget, ToolLimits
from bartizan.core.verdict import Action
from bartizan.keeper.interface import session_target
from bartizan.keeper.ledger import Ledger
from bartizan.keeper.local import LocalKeeper
from bartizan.keeper.server import KeeperServer
from bartizan.policy.tool_profiles import ToolOverride
from bartizan.store.database import open_database
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.workspace import Workspace

DEPLOYED = "version: 1\nmcp:\n  servers: [{{name: s, command: [{0}, {1}, {2}]}}]\n"


def text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


def policies(made: Any) -> list[str]:
    return [decided.policy for decided in made.journal.of(ToolDecided)]


def test_a_sessions_calls_end_with_its_budget_and_the_client_learns_no_reason(tmp_path: Path) -> None:
    async def run() -> None:
        limits = ToolLimits(session=ToolBudget(calls=2))
        async with bench(tmp_path, "honest", limits=limits) as made, Client(made.proxy.server) as client:
            assert text(await client.call_tool("shout", {"text": "forbidden"})).startswith("This call was declined")
            assert text(await client.call_tool("shout", {"text": "a"})) == "A"
            assert text(await client.call_tool("shout", {"text": "b"})) == "B", "a declined call was given back"
            over = await client.call_tool("shout", {"text": "c"})
            assert over.is_error
            assert "session" not in text(over)
            assert policies(made)[-1] == "session.calls"
            assert ("call", "shout") not in made.guard.log[-1:], "the guard is not asked any more"

    asyncio.run(run())


def test_two_calls_at_once_cannot_both_take_the_last_one(tmp_path: Path) -> None:
    async def run() -> None:
        limits = ToolLimits(principal=PrincipalToolBudget(calls=1))
        async with bench(tmp_path, "honest", limits=limits) as made, Client(made.proxy.server) as client:
            done = await asyncio.gather(*(client.call_tool("shout", {"text": str(number)}) for number in range(8)))
            assert sorted(result.is_error for result in done) == [False, *[True] * 7]

    asyncio.run(run())


def test_a_loop_is_refused_until_something_else_is_done(tmp_path: Path) -> None:
    async def run() -> None:
        limits = ToolLimits(loops=LoopLimit(repeats=3))
        async with bench(tmp_path, "honest", limits=limits) as made, Client(made.proxy.server) as client:
            failed = [bool((await client.call_tool("shout", {"text": "a"})).is_error) for _ in range(4)]
            assert failed == [False, False, True, True]
            assert text(await client.call_tool("shout", {"text": "b"})) == "B"
            assert policies(made)[2:4] == ["loop.repeat", "loop.repeat"]

    asyncio.run(run())


@pytest.mark.parametrize("monitor", [False, True])
def test_quarantine_stops_calls_and_reads_in_every_mode(tmp_path: Path, monitor: bool) -> None:
    async def run() -> None:
        keeper = LocalKeeper()
        async with (
            bench(tmp_path, "honest", budgets=keeper, monitor=monitor) as made,
            Client(made.proxy.server) as client,
        ):
            assert text(await client.call_tool("shout", {"text": "a"})) == "A"
            await client.read_resource("note://one")
            for target in (session_target(made.proxy.session), "local", "*"):
                await keeper.quarantine(target)
                assert (await client.call_tool("shout", {"text": target})).is_error
                assert policies(made)[-1] == "quarantine"
                for asked in (client.read_resource("note://one"), client.get_prompt("greet"), client.list_resources()):
                    with pytest.raises(MCPError, match="withheld"):
                        await asked
                await keeper.release(target)
            assert text(await client.call_tool("shout", {"text": "b"})) == "B"

    asyncio.run(run())


@asynccontextmanager
async def keeper_at(workspace: Workspace) -> AsyncIterator[None]:
    ledger = Ledger(open_database(workspace.deployment.store, workspace.root))
    server = KeeperServer(workspace.root / ".bartizan" / "keeper.sock", ledger)
    await server.start()
    try:
        yield
    finally:
        await server.stop()
        ledger.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "bartizan.yaml").write_text(DEPLOYED.format(sys.executable, SERVER, "honest"))
    (tmp_path / "policy.yaml").write_text(f"{POLICY}tool_limits: {{session: {{calls: 4}}}}\n")
    workspace = Workspace(tmp_path)
    _ = workspace.state
    return workspace


def test_the_keeper_is_taken_up_when_it_comes_and_missed_when_it_goes(workspace: Workspace) -> None:
    async def run() -> None:
        budgets = Budgets(workspace)
        own = budgets()
        async with bench(workspace.root, "honest") as made, Client(made.proxy.server) as client:
            made.proxy._turnstile._budgets = budgets
            assert text(await client.call_tool("shout", {"text": "a"})) == "A"
            async with keeper_at(workspace):
                assert text(await client.call_tool("shout", {"text": "b"})) == "B"
                assert budgets() is not own
                await asyncio.to_thread(set_quarantine, workspace, session=made.proxy.session, on=True)
                assert (await client.call_tool("shout", {"text": "c"})).is_error
            assert policies(made)[-1] == "quarantine"
            assert (await client.call_tool("shout", {"text": "d"})).is_error, "without its keeper nothing runs"
            assert policies(made)[-1] == "unreachable"
            async with keeper_at(workspace):
                assert (await client.call_tool("shout", {"text": "e"})).is_error, "quarantines outlive restarts"
                await asyncio.to_thread(set_quarantine, workspace, session=made.proxy.session, on=False)
                assert text(await client.call_tool("shout", {"text": "f"})) == "F"
        await budgets.close()

    asyncio.run(run())


def test_without_a_keeper_the_quarantines_of_the_store_hold(workspace: Workspace) -> None:
    async def run() -> None:
        async with keeper_at(workspace):
            await asyncio.to_thread(set_quarantine, workspace, principal="local", on=True)
        budgets = Budgets(workspace)
        use = use_of("local", "s", lambda: tool("shout"), call("shout"), ToolLimits())
        assert (await budgets().admit_call(use, ToolLimits())).reason == "quarantine"

    asyncio.run(run())


def test_the_command_obeys_the_kill_switch_and_tool_limits(workspace: Workspace) -> None:
    """The command itself, an unmodified client, a real keeper."""
    arguments = ["-m", "bartizan", "mcp", "proxy", "--workspace", str(workspace.root)]

    async def run() -> None:
        started = stdio_client(StdioServerParameters(command=sys.executable, args=arguments, env=HERE))
        async with keeper_at(workspace), Client(started) as client:
            assert text(await client.call_tool("shout", {"text": "a"})) == "A"
            (session,) = {event.session for event in decided()}
            for on in (True, False):
                await asyncio.to_thread(set_quarantine, workspace, session=session, on=on)
                assert bool((await client.call_tool("shout", {"text": f"b{on}"})).is_error) is on
            await asyncio.to_thread(set_quarantine, workspace, principal="local", on=True)
            assert (await client.call_tool("shout", {"text": "c"})).is_error
            await asyncio.to_thread(set_quarantine, workspace, principal="local", on=False)
            for number in range(3):
                await client.call_tool("shout", {"text": f"d{number}"})

    def decided() -> list[ToolDecided]:
        events = read_journal(workspace.root / ".bartizan" / "journal")
        return [event for event in events if isinstance(event, ToolDecided)]

    asyncio.run(run())
    assert [event.policy for event in decided() if event.action is Action.BLOCK] == [
        "quarantine", "quarantine", "session.calls",
    ]  # fmt: skip


def tool(name: str, *overrides: tuple[str, ToolOverride], **properties: str) -> ToolProfile:
    schema = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    return profile_of(ToolDefinition(name=name, input_schema=schema), dict(overrides))


def call(tool: str, **arguments: Any) -> ToolCall:
    return ToolCall(id="c", tool=tool, arguments=arguments)


BOTH = ToolLimits(session=ToolBudget(spend=100, recipients=5))


@pytest.mark.parametrize(
    ("amount", "spend"),
    [(12.5, 12.5), ("1,200.50 €", 1200.5), (-40, 40.0), ("twelve", float("inf")), ([1, 2], 3.0), (float("1e30"), 1e30)],
)
def test_amounts_count_however_they_are_written(amount: object, spend: float) -> None:
    money = tool("send_money", recipient="string", amount="number")
    use = use_of("p", "s", lambda: money, call("send_money", recipient="DE89 3704", amount=amount), BOTH)
    assert (use.spend, use.recipients) == (spend, ("de893704",))


def test_recipients_count_singly_and_in_one_spelling() -> None:
    mail = tool("send_email", recipients="array", cc="string", body="string")
    arguments = {"recipients": ["Bob@A.example", "bob@a.example"], "cc": "eve@b.example; mal@c.example", "body": "x@y"}
    use = use_of("p", "s", lambda: mail, call("send_email", **arguments), BOTH)
    assert use.recipients == ("bob@a.example", "eve@b.example", "mal@c.example")
    hidden = use_of("p", "s", lambda: mail, call("send_email", bcc="mal@c.example"), BOTH)
    assert hidden.recipients == ("mal@c.example",), "also in an argument that the schema does not declare"
    assert use_of("p", "s", lambda: mail, call("send_email", **arguments), ToolLimits()).recipients == ()


def test_the_operators_word_on_a_tool_holds_for_budgets_too() -> None:
    said = ("bank__*", ToolOverride(effect=Effect.SPEND, parameters={"n": Sink.AMOUNT, "whom": Sink.ACCOUNT}))
    lookup = tool("bank__lookup", said, n="number", whom="string")
    use = use_of("p", "s", lambda: lookup, call("bank__lookup", n=7, whom="x1"), BOTH)
    assert (use.spend, use.recipients) == (7, ("x1",))


def test_reading_spends_nothing_and_too_many_values_are_granted_by_no_budget() -> None:
    search = tool("search_flights", max_price="number")
    assert use_of("p", "s", lambda: search, call("search_flights", max_price=900), BOTH).spend == 0
    money = tool("send_money", recipient="string", amount="number")
    flood = call("send_money", recipient=[str(number) for number in range(100_000)], amount=1)
    for limits in (BOTH, ToolLimits(session=ToolBudget(spend=100)), ToolLimits(session=ToolBudget(recipients=5))):
        with pytest.raises(ValueError, match="cannot be counted"):
            use_of("p", "s", lambda: money, flood, limits)
