"""One MCP server behind the proxy: started, watched, restarted, asked within bounds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Protocol, TypeVar

import anyio
import mcp_types as types
from mcp import MCPError
from mcp.client import Client
from mcp.client._transport import TransportStreams
from mcp.client.session import ClientSession, IncomingMessage
from mcp.client.subscriptions import ToolsListChanged, listen
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from bartizan.agents.mcp.assessment import Listing
from bartizan.agents.mcp.definition import Definition
from bartizan.agents.mcp.pins import Identity
from bartizan.agents.mcp.watch import Watch, watched
from bartizan.core.errors import BartizanError, UpstreamError
from bartizan.core.problem import printable
from bartizan.policy.mcp import McpBounds

T = TypeVar("T")

NAME = "bartizan"
_MOST_PAGES = 50
_RESTART_SECONDS = 2.0
_LOST = frozenset({"connection closed", "session terminated", "session not found"})
_BROKEN_OFF = "sse stream "
"""So begin the SDK's own errors over HTTP that stand for an answer that can no longer come."""
TOO_MANY_INSTRUCTIONS = 20_000


class Link(Protocol):
    """How a server is reached; a new transport for each connection."""

    source: str
    """The command line or the URL, as pins hold it."""

    def transport(self, refused: Callable[[str], None]) -> AbstractAsyncContextManager[TransportStreams]:
        """A connection; ``refused`` is told why a message was not read."""
        ...

    def last_words(self) -> str:
        """What a command wrote to standard error last; empty for a URL."""
        ...


class Upstream:
    """A connection that is kept. Belongs to one event loop.

    Args:
        name: of the server in the configuration.
        link: how it is reached.
        bounds: of policy.
        changed: called when the server says that what it offers changed, or when it came back.
        refused: told what of its messages did not pass: method, reason, how many.
    """

    def __init__(
        self,
        name: str,
        link: Link,
        bounds: McpBounds,
        changed: Callable[[str], None],
        refused: Callable[[str, str, str, int], None],
    ) -> None:
        self.name = name
        self.link = link
        self._bounds = bounds
        self._changed = changed
        self._refused: Callable[[str, str, int], None] = partial(refused, name)
        self._turn = asyncio.Semaphore(bounds.concurrent)
        self._session: ClientSession | None = None
        self._settled = asyncio.Event()
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.problem = "not started"
        """Why it cannot be asked; empty while it can."""

    def start(self) -> None:
        """Begin to connect, and to connect again whenever the connection is lost."""
        self._task = asyncio.create_task(self._keep())

    async def settled(self) -> None:
        """Wait until the first attempt has succeeded or failed; at most ``start_seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._bounds.start_seconds + 1.0):
                await self._settled.wait()

    async def close(self) -> None:
        """End the connection and the command behind it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def capabilities(self) -> types.ServerCapabilities:
        """What the server says it can; nothing while it is away."""
        session = self._session
        return (session.server_capabilities if session else None) or types.ServerCapabilities()

    async def listing(self) -> Listing:
        """Identity and every tool, asked anew. Raises UpstreamError."""
        session = self._ready()
        tools: list[Definition] = []
        if self.capabilities.tools is not None:
            # Read as the wire has it: the typed model would drop what a pin must see change.
            tools = await self.pages("tools/list", "tools")
        info = session.server_info
        return Listing(
            server=self.name,
            identity=Identity(
                source=self.link.source,
                name=info.name[:200] if info else "",
                instructions=(session.instructions or "")[:TOO_MANY_INSTRUCTIONS],
            ),
            version=info.version[:100] if info else "",
            tools=tuple(tools),
        )

    async def pages(self, method: str, field: str) -> list[dict[str, Any]]:
        """Every item of a list method, at most ``bounds.tools`` and one more. Raises UpstreamError."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._ask(partial(_list, method, cursor), self._bounds.list_seconds)
            found += [item.model_dump(by_alias=True, mode="json", exclude_none=True) for item in getattr(page, field)]
            if not page.next_cursor or page.next_cursor == cursor or len(found) > self._bounds.tools:
                break
            cursor = page.next_cursor
        return found[: self._bounds.tools + 1]

    async def ask(self, request: Callable[[ClientSession], Awaitable[T]]) -> T:
        """One request within the bounds. Raises UpstreamError, or MCPError with the server's own error."""
        return await self._ask(request, self._bounds.call_seconds)

    async def _ask(self, request: Callable[[ClientSession], Awaitable[T]], seconds: float) -> T:
        session = self._ready()
        try:
            async with asyncio.timeout(seconds):
                async with self._turn:
                    return await request(session)
        except TimeoutError:
            raise UpstreamError(f"{self.name} did not answer within {seconds:g} seconds", status=504) from None
        except MCPError as error:
            if error.code == types.REQUEST_TIMEOUT:
                raise UpstreamError(f"{self.name} did not answer in time", status=504) from None
            if _is_lost(error):
                self._lost.set()
                raise UpstreamError(f"{self.name} closed the connection") from None
            if error.code == types.PARSE_ERROR:  # the SDK's own words about what it could not read
                raise UpstreamError(f"{self.name} answered out of protocol: {printable(error.message, 200)}") from None
            raise
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._lost.set()
            raise UpstreamError(f"{self.name} closed the connection") from None
        except (ValueError, RuntimeError) as error:  # an answer that is not what the protocol says
            raise UpstreamError(f"{self.name} answered out of protocol: {printable(str(error), 200)}") from None

    def _ready(self) -> ClientSession:
        if self._session is None:
            raise UpstreamError(f"{self.name} is not there: {self.problem}", status=503)
        return self._session

    async def _keep(self) -> None:
        while True:
            self._lost.clear()
            try:
                await self._connection()
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # a task group hands everything up in groups
                self.problem = _told(error, self.link.last_words())
            self._session = None
            self._settled.set()
            self._changed(self.name)
            await asyncio.sleep(_RESTART_SECONDS)

    async def _connection(self) -> None:
        watch = Watch(self._bounds.notifications, self._refused)
        inner = self.link.transport(self._unread)
        client = Client(
            watched(inner, watch, self._ended),
            mode="auto",
            client_info=types.Implementation(name=NAME, version="1"),
            message_handler=self._heard,
            cache=None,
            read_timeout_seconds=self._bounds.call_seconds,
        )
        stack = contextlib.AsyncExitStack()
        async with stack:
            async with asyncio.timeout(self._bounds.start_seconds):
                await stack.enter_async_context(client)
            self._session = client.session
            self.problem = ""
            self._settled.set()
            self._changed(self.name)
            if client.session.protocol_version in MODERN_PROTOCOL_VERSIONS:
                tools = client.session.server_capabilities
                if tools is not None and tools.tools is not None and tools.tools.list_changed:
                    listening = asyncio.create_task(self._listen(client.session))
                    stack.callback(listening.cancel)
            await self._lost.wait()
            self._session = None

    async def _listen(self, session: ClientSession) -> None:
        with contextlib.suppress(MCPError, RuntimeError, TimeoutError):
            async with listen(session, tools_list_changed=True) as subscription:
                async for event in subscription:
                    if isinstance(event, ToolsListChanged):
                        self._changed(self.name)

    def _unread(self, reason: str) -> None:
        self._refused("", reason, 1)

    def _ended(self, reason: str) -> None:
        self.problem = reason
        self._lost.set()

    async def _heard(self, message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._changed(self.name)


async def _list(method: str, cursor: str | None, session: ClientSession) -> Any:
    params = types.PaginatedRequestParams(cursor=cursor) if cursor else None
    match method:
        case "tools/list":
            return await session.list_tools(params=params)
        case "resources/list":
            return await session.list_resources(params=params)
        case "resources/templates/list":
            return await session.list_resource_templates(params=params)
        case _:
            return await session.list_prompts(params=params)


def _is_lost(error: MCPError) -> bool:
    """Whether the SDK says that the connection is gone. A server may use the same code for an error of its own."""
    said = error.message.casefold().strip(" .")
    return said in _LOST or (error.code == types.CONNECTION_CLOSED and said.startswith(_BROKEN_OFF))


def _told(error: BaseException, last_words: str) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, BartizanError):
        cause = str(error)
    elif isinstance(error, TimeoutError):
        cause = "it did not start in time"
    else:
        cause = f"{type(error).__name__}: {error}"
    words = f"; it said: {printable(last_words, 300)}" if last_words else ""
    return printable(cause, 300) + words
