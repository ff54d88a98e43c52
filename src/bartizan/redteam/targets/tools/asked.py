"""An MCP server as a target: what a user types goes into an argument of one of its tools."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import Any

from bartizan.core.errors import UpstreamError
from bartizan.core.tool_link import ToolLink, ToolLinks, ToolServer
from bartizan.redteam.attempt import Reply
from bartizan.redteam.case import Planted, fill
from bartizan.redteam.errors import TargetError, UnansweredError
from bartizan.redteam.scope_servers import ToolRequest
from bartizan.redteam.scope_target import TargetSpec
from bartizan.redteam.targets.pacing import Pacer
from bartizan.redteam.taxonomy import EntryPoint


class AskedTarget:
    """One server.

    Args:
        spec: of the scope file.
        server: with its secrets read.
        links: opens connections.
        pacer: says when a call may leave.
        timeout: seconds for one exchange.
    """

    def __init__(self, spec: TargetSpec, server: ToolServer, links: ToolLinks, pacer: Pacer, timeout: float) -> None:
        self.id = spec.id
        self.spec = spec
        self.entry_points = frozenset(spec.entry_points or {EntryPoint.CHAT, *spec.plant_by})
        self.shared_plants = not spec.isolated
        self.shared_trace = False
        self.server = server
        self.links = links
        self.pacer = pacer
        self.timeout = timeout

    async def open(self, entry_point: EntryPoint) -> AskedConversation:
        """A connection of its own."""
        conversation = AskedConversation(self, entry_point)
        await conversation.connect()
        return conversation

    async def close(self) -> None:
        """Nothing is held."""


class AskedConversation:
    """One connection."""

    def __init__(self, target: AskedTarget, entry_point: EntryPoint) -> None:
        self._target = target
        self._entry_point = entry_point
        self._open = AsyncExitStack()
        self._link: ToolLink | None = None

    async def connect(self) -> None:
        """Raises UnansweredError when the server is not there."""
        try:
            link = self._target.links.open(self._target.server, self._target.timeout)
            self._link = await self._open.enter_async_context(link)
        except UpstreamError as error:
            raise UnansweredError(error.cause, again=True) from None

    async def plant(self, planted: Planted) -> None:
        """By the call that the scope file names. Raises TargetError when the server declines it."""
        slots = {"content": planted.content, "title": planted.title or "Note"}
        reply = await self._call(self._target.spec.plant_by[self._entry_point], slots, planted.content)
        if reply.error or reply.blocked:
            raise TargetError(f"planting failed: {reply.error or reply.text}"[:300])

    async def say(self, text: str) -> Reply:
        """One call."""
        request = self._target.spec.ask_by
        assert request is not None, "the scope file is checked"
        return await self._call(request, {"message": text}, text)

    async def close(self) -> None:
        """Ends the connection, and a command with it."""
        await self._open.aclose()

    async def _call(self, request: ToolRequest, slots: dict[str, str], task: str) -> Reply:
        assert self._link is not None, "it is connected before it is used"
        await self._target.pacer.turn()
        arguments: dict[str, Any] = {name: fill(value, slots) for name, value in request.arguments.items()}
        started = time.perf_counter()
        try:
            answer = await self._link.call(request.tool, arguments, task)
        except UpstreamError as error:
            return Reply(error=error.cause, lost=True, milliseconds=_since(started))
        took = _since(started)
        if not answer.failed:
            return Reply(text=answer.text, milliseconds=took)
        if answer.declined:
            return Reply(text=answer.text, blocked=True, milliseconds=took)
        if not answer.ran:
            return Reply(error=f"the call does not fit the server: {answer.text[:200]}", milliseconds=took)
        return Reply(error=f"the tool failed: {answer.text[:200]}", remains=answer.text, milliseconds=took)


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1_000, 1)
