"""A tool server with and without the learner's MCP proxy, for the range's grader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import mcp_types as types
from mcp import MCPError
from mcp.client import Client
from msgspec.structs import replace

from bartizan.agents.mcp.calls import answer_text
from bartizan.agents.mcp.open_gate import OpenGate
from bartizan.agents.mcp.pins import PinFile
from bartizan.agents.mcp.proxy import Proxy
from bartizan.app.mcp import mcp_reader
from bartizan.app.mcp_links import mcp_links
from bartizan.app.mcp_setting import Setting
from bartizan.core.errors import ConfigurationError
from bartizan.core.event import Commitment, Event
from bartizan.core.limits import Limits
from bartizan.core.tool_front import ToolFront
from bartizan.core.verdict import Mode
from bartizan.keeper.local import LocalKeeper


class LabFronts:
    """Implements :class:`bartizan.core.tool_front.ToolFronts` on a learner's workspace.

    Args:
        setting: of the workspace.
        module: one of its servers runs this Python module; only that one is graded.

    Raises:
        ConfigurationError: none does.
    """

    def __init__(self, setting: Setting, module: str) -> None:
        mine = [server for server in setting.mcp.servers if module in server.command]
        if not mine:
            raise ConfigurationError(
                "the workspace has no such server", "'bartizan range start SCENARIO' says what to add to bartizan.yaml"
            )
        self._server = mine[0]
        self._setting = replace(setting, mcp=replace(setting.mcp, namespace="never"))
        self._reader = mcp_reader(setting)

    @asynccontextmanager
    async def direct(self, environment: Mapping[str, str]) -> AsyncIterator[ToolFront]:
        """See the Protocol. Raises ConfigurationError when the server does not start."""
        (link,) = mcp_links(self._with(environment)).values()
        async with AsyncExitStack() as stack:
            try:
                client = await stack.enter_async_context(Client(link.transport(_nothing), cache=None))
            except (MCPError, BaseExceptionGroup):
                raise ConfigurationError(f"the tool server does not start: {link.last_words()[-200:]}") from None
            yield _Front(client)

    @asynccontextmanager
    async def guarded(self, environment: Mapping[str, str]) -> AsyncIterator[ToolFront]:
        """See the Protocol. Rates and the tool guard do not count: the grader is quicker than any client, and names no
        task."""
        setting = self._with(environment)
        proxy = Proxy(
            mcp_links(setting),
            OpenGate(),
            self._reader,
            replace(setting.policy.mcp, limits=Limits(cooldown=None)),
            PinFile(setting.pins),
            _Nowhere(),
            lambda text: Commitment("", "", len(text)),
            LocalKeeper(),
            LocalKeeper,
            task=setting.mcp.task,
            monitor=setting.policy.mode is Mode.MONITOR,
        )
        async with proxy.running(), Client(proxy.server, cache=None) as client:
            yield _Front(client)

    def _with(self, environment: Mapping[str, str]) -> Setting:
        server = replace(self._server, env={**self._server.env, **environment})
        return replace(self._setting, mcp=replace(self._setting.mcp, servers=(server,)))


class _Front:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def offered(self) -> tuple[str, ...]:
        return tuple(tool.name for tool in (await self._client.list_tools()).tools)

    async def call(self, tool: str, arguments: dict[str, Any]) -> str | None:
        try:
            result = await self._client.call_tool(tool, arguments)
        except MCPError:
            return None
        assert isinstance(result, types.CallToolResult)
        return None if result.is_error else answer_text(result)


def _nothing(_: str) -> None:
    """What is not read is the server's loss."""


class _Nowhere:
    """What happens while grading is no event of the deployment."""

    def append(self, event: Event) -> None:
        """See ``Recorder``."""

    async def commit(self) -> None:
        """See ``Recorder``."""
