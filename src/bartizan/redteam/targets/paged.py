"""A target that meets hostile content by fetching a page: its address stands in the user's message."""

from __future__ import annotations

import msgspec

from bartizan.redteam.attempt import Reply
from bartizan.redteam.case import Planted
from bartizan.redteam.interface import Conversation, Target
from bartizan.redteam.targets.page_server import PageServer
from bartizan.redteam.taxonomy import EntryPoint


class PagedTarget:
    """Wraps a target.

    Args:
        inner: what is spoken to.
        server: where pages are served.
        entry_points: whose content becomes a page; at others the inner target plants it itself.
    """

    def __init__(self, inner: Target, server: PageServer, entry_points: frozenset[EntryPoint]) -> None:
        self.id = inner.id
        self.entry_points = inner.entry_points | entry_points
        self.shared_plants = inner.shared_plants and not inner.entry_points <= entry_points
        self.shared_trace = inner.shared_trace
        self._inner = inner
        self._server = server
        self._paged = entry_points

    async def open(self, entry_point: EntryPoint) -> Conversation:
        """Raises TargetError as the inner target does."""
        conversation = await self._inner.open(entry_point)
        return PagedConversation(conversation, self._server) if entry_point in self._paged else conversation

    async def close(self) -> None:
        """Idempotent."""
        await self._inner.close()
        await self._server.close()


class PagedConversation:
    """Publishes for as long as it lasts."""

    def __init__(self, inner: Conversation, server: PageServer) -> None:
        self._inner = inner
        self._server = server
        self._urls: list[str] = []
        self._new: list[str] = []

    async def plant(self, planted: Planted) -> None:
        """The page is there from now on; the next message names it."""
        url = await self._server.publish(planted)
        self._urls.append(url)
        self._new.append(url)

    async def say(self, text: str) -> Reply:
        """The message, followed by the addresses of new pages. A page that nobody fetched shows nothing."""
        named, self._new = self._new, []
        reply = await self._inner.say(" ".join((text, *named)))
        calls = tuple(call for url in self._urls for call in self._server.calls(url))
        if named and not reply.error and not reply.blocked and not any(map(self._server.fetched, named)):
            reply = msgspec.structs.replace(reply, error="the application did not fetch the page")
        return msgspec.structs.replace(reply, requests=calls, pages=tuple(self._urls))

    async def close(self) -> None:
        """The pages are gone afterwards."""
        for url in self._urls:
            self._server.retract(url)
        await self._inner.close()
