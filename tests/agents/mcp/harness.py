"""A proxy in this process before real servers, with a guard, a journal and an approver that tests can look into."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bartizan.agents.mcp.assessment import Listing
from bartizan.agents.mcp.definition import definition_of, digest_of
from bartizan.agents.mcp.pins import Pin, PinFile, ServerPins
from bartizan.agents.mcp.proxy import Proxy
from bartizan.agents.mcp.stdio_upstream import environment
from bartizan.agents.mcp.upstream import Link
from bartizan.app.guards import build_guard
from bartizan.app.mcp_links import CommandLink
from bartizan.core.clock import utc_now
from bartizan.core.event import Commitment, Event
from bartizan.core.interfaces import Reader
from bartizan.core.session import NOBODY, Authority
from bartizan.core.tool import ToolCall, ToolDecision, ToolDefinition, ToolResult, call_digest
from bartizan.core.tool_budget import ToolLimits, ToolQuota
from bartizan.core.verdict import Action
from bartizan.keeper.local import LocalKeeper
from bartizan.policy.document import PolicyDocument
from bartizan.policy.mcp import McpBounds, McpPolicy
from bartizan.workspace.mcp import McpServer

SERVER = Path(__file__).parent / "hostile_server.py"
READER: Reader = build_guard(PolicyDocument(version=1), {}, {})
"""The signatures without the learned tier: the same code, and quick to build."""
QUICK = McpBounds(call_seconds=2.0, start_seconds=10.0, notifications=20)


class Journal:
    """Keeps events in a list."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> None:
        self.events.append(event)

    async def commit(self) -> None:
        return

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class ScriptedConversation:
    """Blocks a call whose text says ``forbidden``, asks about one that says ``ask``, and remembers everything."""

    def __init__(self, tools: tuple[ToolDefinition, ...], log: list[tuple[str, str]]) -> None:
        self._names = {tool.name for tool in tools}
        self.log = log

    def operator(self, text: str) -> None:
        self.log.append(("operator", text))

    def user(self, text: str) -> None:
        self.log.append(("user", text))

    def result(self, result: ToolResult) -> None:
        self.log.append(("result", result.text))

    def unseen(self) -> None:
        pass

    def decide(self, call: ToolCall) -> ToolDecision:
        self.log.append(("call", call.tool))
        text = str(call.arguments)
        action = Action.BLOCK if "forbidden" in text or call.tool not in self._names else Action.ALLOW
        action = Action.ASK if "ask" in text else action
        return ToolDecision(
            call=call.id, tool=call.tool, action=action, policy="test", reason="as told", digest=call_digest(call)
        )


class ScriptedGuard:
    """Makes scripted conversations."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.made = 0

    def conversation(self, tools: tuple[ToolDefinition, ...], authority: Authority = NOBODY) -> ScriptedConversation:
        self.made += 1
        self.log.clear()
        return ScriptedConversation(tools, self.log)


def link(behaviour: str, env: dict[str, str] | None = None) -> Link:
    server = McpServer(name="x", command=(sys.executable, str(SERVER), behaviour))
    return CommandLink(server, environment(env or {}, ()), Path(), QUICK)


class Bench:
    """What a test looks into."""

    def __init__(self, proxy: Proxy, journal: Journal, guard: ScriptedGuard, pins: PinFile) -> None:
        self.proxy = proxy
        self.journal = journal
        self.guard = guard
        self.pins = pins

    def states(self) -> dict[str, str]:
        return {entry.exposed: entry.state for entry in self.proxy.shelf.now.entries}

    async def pin(self, *, accept: tuple[str, ...] = ()) -> None:
        """Approve everything as it is now."""
        for name, upstream in self.proxy.upstreams.items():
            self.pins.write(name, pins_of(await upstream.listing(), accept))
        await self.proxy.shelf.refresh()


def pins_of(listing: Listing, accept: tuple[str, ...] = ()) -> ServerPins:
    tools = {}
    for wire in listing.tools:
        definition = definition_of(wire)
        pin = Pin(digest=digest_of(definition), definition=definition, at=utc_now(), by="test", accepted=accept)
        tools[str(wire["name"])] = pin
    return ServerPins(identity=listing.identity, version=listing.version, tools=tools)


@asynccontextmanager
async def bench(
    folder: Path,
    *behaviours: str,
    policy: McpPolicy | None = None,
    bounds: McpBounds = QUICK,
    pinned: bool = True,
    approvals: Any = None,
    budgets: ToolQuota | None = None,
    limits: ToolLimits = ToolLimits(),
    links: dict[str, Link] | None = None,
    pins: PinFile | None = None,
    **more: Any,
) -> AsyncIterator[Bench]:
    """A running proxy in front of hostile servers called s0, s1, …; ``pinned`` approves whatever they offer first."""
    journal, guard, counts = Journal(), ScriptedGuard(), budgets or LocalKeeper()
    reached = links if links is not None else {f"s{number}": link(b) for number, b in enumerate(behaviours)}
    pins = pins or PinFile(folder / "pins.json")
    proxy = Proxy(
        reached,
        guard,
        READER,
        replace(policy or McpPolicy(), bounds=bounds),
        pins,
        journal,
        lambda text: Commitment("k", "m", len(text)),
        LocalKeeper(),
        lambda: counts,
        limits,
        approvals=approvals,
        prefixed=len(reached) > 1,
        **more,
    )
    made = Bench(proxy, journal, guard, pins)
    async with proxy.running():
        if pinned:
            await made.pin()
        yield made
