"""The server that clients see: the SDK's, with handlers that ask what stands behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
from mcp import MCPError
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from bartizan.agents.derive import derive
from bartizan.agents.mcp.caller import Caller, caller_of
from bartizan.agents.mcp.calls import Calls
from bartizan.agents.mcp.definition import Definition
from bartizan.agents.mcp.pins import PinFile
from bartizan.agents.mcp.reads import Reads
from bartizan.agents.mcp.records import Records
from bartizan.agents.mcp.shelf import Shelf
from bartizan.agents.mcp.talks import Talks
from bartizan.agents.mcp.turnstile import Turnstile
from bartizan.agents.mcp.upstream import NAME, Link, Upstream
from bartizan.agents.overriding import Profiler
from bartizan.agents.recording import Commit
from bartizan.core.approval import Approvals
from bartizan.core.errors import BartizanError, JournalError
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Reader, Recorder
from bartizan.core.quota import Quota
from bartizan.core.tool import ToolGuard
from bartizan.core.tool_budget import ToolLimits, ToolQuota
from bartizan.policy.mcp import McpPolicy

Context = ServerRequestContext[Any, Any]
_PAGE = types.PaginatedRequestParams


class Proxy:
    """Everything between clients and servers. Belongs to one event loop.

    Args:
        links: how each server is reached, by name, in order.
        guard: decides tool calls.
        reader: inspects what servers write.
        policy: of MCP.
        pins: approved definitions.
        recorder: the journal.
        commit: content to a commitment.
        quota: rates of clients.
        budgets: gives whoever counts tool calls now.
        limits: on tool calls.
        profiles: what tools do, for the limits.
        approvals: where a person is asked; None: what needs asking is declined.
        prefixed: offer tools as ``SERVER__TOOL``.
        task: the operator's words about what the agent is for.
        monitor: observe only.
        version: of this product, as clients see it.
    """

    def __init__(
        self,
        links: dict[str, Link],
        guard: ToolGuard,
        reader: Reader,
        policy: McpPolicy,
        pins: PinFile,
        recorder: Recorder,
        commit: Commit,
        quota: Quota,
        budgets: Callable[[], ToolQuota],
        limits: ToolLimits = ToolLimits(),
        profiles: Profiler = derive,
        approvals: Approvals | None = None,
        *,
        prefixed: bool = False,
        task: str = "",
        monitor: bool = False,
        version: str = "",
    ) -> None:
        self.records = Records(recorder, commit)
        self.session = new_id("ses")
        """Of the client on standard input."""
        self._policy = policy
        self._bus = InMemorySubscriptionBus()
        self._clients: OrderedDict[Caller, ServerSession] = OrderedDict()
        self.upstreams = {
            name: Upstream(name, link, policy.bounds, self._changed, self._refused) for name, link in links.items()
        }
        self.shelf = Shelf(
            self.upstreams,
            pins,
            policy,
            reader,
            self.records,
            prefixed=prefixed,
            monitor=monitor,
            told=self._tell,
        )
        talks = Talks(guard, task, policy.bounds)
        self._turnstile = Turnstile(quota, policy.limits, budgets, limits, profiles, self.records)
        self._calls = Calls(
            self.shelf,
            self.upstreams,
            talks,
            policy,
            reader,
            self.records,
            self._turnstile,
            approvals,
            monitor=monitor,
        )
        self._reads = Reads(self.upstreams, talks, policy, reader, self.records, self._turnstile, prefixed=prefixed)
        self.server = self._build(version)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Servers are connected and listed before clients are served; a server that fails is retried."""
        for upstream in self.upstreams.values():
            upstream.start()
        following: asyncio.Task[None] | None = None
        try:
            await asyncio.gather(*(upstream.settled() for upstream in self.upstreams.values()))
            await self.shelf.refresh()
            self.server.instructions = self._instructions()
            following = asyncio.create_task(self.shelf.follow())
            yield
        finally:
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
            await asyncio.gather(*(upstream.close() for upstream in self.upstreams.values()))

    def _build(self, version: str) -> Server[Any]:
        policy = self._policy
        server: Server[Any] = Server(
            NAME,
            version=version,
            get_tool_input_schema=self._schema_of,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_subscriptions_listen=ListenHandler(self._bus, max_subscriptions=policy.bounds.sessions),
            on_list_resources=self._list_resources if policy.resources else None,
            on_list_resource_templates=self._list_templates if policy.resources else None,
            on_read_resource=self._read_resource if policy.resources else None,
            on_list_prompts=self._list_prompts if policy.prompts else None,
            on_get_prompt=self._get_prompt if policy.prompts else None,
            on_completion=self._complete if policy.completion else None,
        )
        return server

    def _schema_of(self, name: str) -> dict[str, Any] | None:
        """For the SDK's check of mirrored headers, which would list all tools with each call otherwise."""
        entry = self.shelf.find(name)
        return entry.definition["inputSchema"] if entry is not None else None

    def _instructions(self) -> str | None:
        """What servers want clients to put before their model: only what is pinned and shows nothing suspicious."""
        pinned = self.shelf.pinned_servers()
        parts = [
            f"{held.server}:\n{held.identity.instructions}"
            for held in self.shelf.now.servers
            if held.identity.instructions and held.server in pinned and not held.changed and not held.findings
        ]
        return "\n\n".join(parts) or None

    async def _list_tools(self, ctx: Context, params: _PAGE | None) -> types.ListToolsResult:
        self._remember(ctx)
        await self._guarded(self._list_anew(self._caller(ctx)))
        tools = [_tool(entry.definition, entry.exposed) for entry in self.shelf.offered()]
        return types.ListToolsResult(tools=tools, ttl_ms=0, cache_scope="private")

    async def _call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        self._remember(ctx)
        result: types.CallToolResult = await self._guarded(self._calls.call(self._caller(ctx), params, ctx.meta))
        return result

    async def _list_resources(self, ctx: Context, params: _PAGE | None) -> types.ListResourcesResult:
        items = await self._guarded(self._reads.list(self._caller(ctx), "resources/list", "resources", "uri"))
        return types.ListResourcesResult(resources=_typed(types.Resource, items), ttl_ms=0, cache_scope="private")

    async def _list_templates(self, ctx: Context, params: _PAGE | None) -> types.ListResourceTemplatesResult:
        asked = self._reads.list(self._caller(ctx), "resources/templates/list", "resource_templates", "uriTemplate")
        found = _typed(types.ResourceTemplate, await self._guarded(asked))
        return types.ListResourceTemplatesResult(resource_templates=found, ttl_ms=0, cache_scope="private")

    async def _read_resource(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        result: types.ReadResourceResult = await self._guarded(self._reads.read(self._caller(ctx), str(params.uri)))
        return result

    async def _list_prompts(self, ctx: Context, params: _PAGE | None) -> types.ListPromptsResult:
        items = await self._guarded(self._reads.list(self._caller(ctx), "prompts/list", "prompts", "name"))
        return types.ListPromptsResult(prompts=_typed(types.Prompt, items), ttl_ms=0, cache_scope="private")

    async def _get_prompt(self, ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        asked = self._reads.prompt(self._caller(ctx), params.name, params.arguments)
        result: types.GetPromptResult = await self._guarded(asked)
        return result

    async def _complete(self, ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        result: types.CompleteResult = await self._guarded(self._reads.complete(self._caller(ctx), params))
        return result

    def _caller(self, ctx: Context) -> Caller:
        return caller_of(ctx, self.session)

    async def _guarded(self, asked: Awaitable[Any]) -> Any:
        """Whatever fails stops the request, without a word about why: the SDK would tell the client the error's text.

        A journal that cannot be written is such a failure, and then there is nowhere to record it.
        """
        try:
            return await asked
        except MCPError:
            raise
        except JournalError:
            pass
        except Exception as error:
            reason = error.cause if isinstance(error, BartizanError) else type(error).__name__
            self._refused("", "", f"the proxy failed: {reason}", 1)
        raise MCPError(types.INTERNAL_ERROR, "the proxy cannot serve at present")

    async def _list_anew(self, caller: Caller) -> None:
        await self._turnstile.enter(caller, "tools/list")
        await self.shelf.refresh()

    def _remember(self, ctx: Context) -> None:
        """Clients of the handshake era get notices of changes; later ones subscribe."""
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return
        caller = self._caller(ctx)
        self._clients[caller] = ctx.session
        self._clients.move_to_end(caller)
        if len(self._clients) > self._policy.bounds.sessions:
            self._clients.popitem(last=False)

    async def _tell(self) -> None:
        """All clients at once: one that does not read holds up the others, and what waits for them, for a second."""
        await self._bus.publish(ToolsListChanged())
        await asyncio.gather(*(self._tell_one(caller, session) for caller, session in list(self._clients.items())))

    async def _tell_one(self, caller: Caller, session: ServerSession) -> None:
        try:
            with anyio.move_on_after(1.0):
                await session.send_tool_list_changed()
        except (MCPError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._clients.pop(caller, None)

    def _changed(self, server: str) -> None:
        self.shelf.changed(server)

    def _refused(self, server: str, method: str, reason: str, count: int) -> None:
        with contextlib.suppress(JournalError):  # nothing goes on, so nothing is lost but the record
            self.records.refused(server, method, reason, count)


def _tool(definition: Definition, name: str) -> types.Tool:
    return types.Tool.model_validate({**definition, "name": name}, by_name=False)


def _typed(model: Any, items: Sequence[dict[str, Any]]) -> list[Any]:
    return [model.model_validate(item, by_name=False) for item in items]
