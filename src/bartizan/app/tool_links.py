"""Connections to MCP servers for campaigns: those of the proxy, with its bounds, handed to who may not know it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import mcp_types as types
import msgspec
from mcp import MCPError
from mcp.client import ClientSession

from bartizan.agents.mcp.caller import CALL, TASK
from bartizan.agents.mcp.calls import RAW, WITHHELD
from bartizan.agents.mcp.definition import shape_problem, tool_of
from bartizan.agents.mcp.stdio_upstream import environment
from bartizan.agents.mcp.upstream import Upstream
from bartizan.app.mcp_links import CommandLink, UrlLink
from bartizan.core.errors import UpstreamError
from bartizan.core.tool import ToolDefinition
from bartizan.core.tool_link import ToolAnswer, ToolLink, ToolServer
from bartizan.policy.mcp import McpBounds
from bartizan.workspace.mcp import McpServer

STARTING = 60.0
"""Seconds that a command may take to start, at least: a proxy reads a model first."""
_UNDONE = frozenset({types.METHOD_NOT_FOUND, types.INVALID_PARAMS, types.INVALID_REQUEST, types.PARSE_ERROR})
"""Errors of the protocol after which nothing was carried out."""


class McpToolLinks:
    """Implements :class:`bartizan.core.tool_link.ToolLinks`."""

    @asynccontextmanager
    async def open(self, server: ToolServer, seconds: float) -> AsyncIterator[ToolLink]:
        """See the Protocol."""
        slow = max(seconds, STARTING)  # the library bounds the handshake like any call
        bounds = McpBounds(call_seconds=slow, start_seconds=slow, list_seconds=seconds)
        given = McpServer(name=server.name, command=server.command, url=server.url, headers=dict(server.headers))
        link: CommandLink | UrlLink
        if server.url:
            link = UrlLink(given, "", bounds)
        else:
            link = CommandLink(given, environment(server.environment, ()), server.folder, bounds)
        upstream = Upstream(server.name, link, bounds, lambda name: None, lambda *what: None)
        upstream.start()
        try:
            await upstream.settled()
            if upstream.problem:
                raise UpstreamError(f"{server.name} is not there: {upstream.problem}", status=503)
            yield _Link(upstream, bounds, seconds)
        finally:
            await upstream.close()


class _Link:
    def __init__(self, upstream: Upstream, bounds: McpBounds, seconds: float) -> None:
        self._upstream = upstream
        self._seconds = seconds
        self._bounds = bounds
        self.instructions = ""

    async def tools(self) -> tuple[ToolDefinition, ...]:
        try:
            listing = await self._upstream.listing()
        except MCPError as error:
            raise UpstreamError(f"{self._upstream.name} does not list its tools: {error.message[:200]}") from None
        self.instructions = listing.identity.instructions
        bounds = self._bounds
        sound = [
            tool
            for tool in listing.tools[: bounds.tools]
            if not shape_problem(tool, bounds.definition_bytes, bounds.schema_depth, bounds.schema_nodes)
        ]
        return tuple(tool_of(tool, str(tool["name"]), self._upstream.name) for tool in sound)

    async def call(self, tool: str, arguments: dict[str, Any], task: str) -> ToolAnswer:
        try:
            async with asyncio.timeout(self._seconds):
                raw = await self._upstream.ask(partial(_request, tool, arguments, task))
        except TimeoutError:
            raise UpstreamError(f"{self._upstream.name} did not answer within {self._seconds:g} seconds") from None
        except MCPError as error:
            return ToolAnswer(text=error.message[:2_000], failed=True, ran=error.code not in _UNDONE)
        text = _text(raw)
        failed = raw.get("isError") is True
        meta = raw.get("_meta")
        judged = failed and isinstance(meta, dict) and CALL in meta
        declined = judged and not text.startswith(WITHHELD)
        return ToolAnswer(text=text, failed=failed, ran=not declined, declined=declined)


async def _request(tool: str, arguments: dict[str, Any], task: str, session: ClientSession) -> dict[str, Any]:
    params = types.CallToolRequestParams(name=tool, arguments=arguments, _meta=cast(Any, {TASK: task}))
    result: dict[str, Any] = await session.send_request(types.CallToolRequest(params=params), RAW)
    return result


def _text(raw: dict[str, Any]) -> str:
    """The text blocks, and structured content where there is no text."""
    blocks = [one for one in raw.get("content") or [] if isinstance(one, dict)]
    text = "\n".join(str(one.get("text", "")) for one in blocks if one.get("type") == "text")
    structured = raw.get("structuredContent")
    return text if text or structured is None else msgspec.json.encode(structured).decode()
