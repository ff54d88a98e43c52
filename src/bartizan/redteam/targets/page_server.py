"""A web server whose pages are attacks: for applications that fetch what a user names.

It serves what a campaign publishes, for as long as the conversation lasts, and remembers what was asked for: whether
the page was fetched at all, and which other addresses were called, which is how data leaves.
"""

from __future__ import annotations

import asyncio
import secrets

from aiohttp import web

from bartizan.core.problem import quote
from bartizan.redteam.case import Planted
from bartizan.redteam.errors import TargetError

MAX_PAGES = 4_096
MAX_CALLS = 1_000
"""Addresses that are remembered for one conversation."""
_LONGEST = 2_000


class PageServer:
    """Listens from the first page on.

    Args:
        host: address to listen on.
        port: 0 takes a free one.
        public: base URL under which the application reaches it; empty: the address itself.
    """

    def __init__(self, host: str, port: int, public: str = "") -> None:
        self._host, self._port, self._public = host, port, public.rstrip("/")
        self._runner: web.AppRunner | None = None
        self._starting = asyncio.Lock()
        self._pages: dict[str, Planted] = {}
        self._fetched: dict[str, int] = {}
        self._calls: dict[str, list[str]] = {}

    async def publish(self, planted: Planted) -> str:
        """Serve ``planted``; returns its URL, which nobody can guess. Raises TargetError when it cannot listen."""
        async with self._starting:
            if self._runner is None:
                await self._start()
        if len(self._pages) >= MAX_PAGES:
            raise TargetError(f"more than {MAX_PAGES} pages at a time")
        name = secrets.token_hex(8)
        self._pages[name], self._fetched[name], self._calls[name] = planted, 0, []
        return f"{self._public}/{name}/"

    def retract(self, url: str) -> None:
        """Serve it no longer."""
        name = self._name(url)
        for kept in (self._pages, self._fetched, self._calls):
            kept.pop(name, None)

    def fetched(self, url: str) -> bool:
        """Whether somebody asked for the page."""
        return self._fetched.get(self._name(url), 0) > 0

    def calls(self, url: str) -> tuple[str, ...]:
        """Addresses below the page's own that were asked for: what its links and images lead to."""
        return tuple(self._calls.get(self._name(url), ()))

    async def close(self) -> None:
        """Idempotent."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _start(self) -> None:
        app = web.Application(client_max_size=65_536)
        app.router.add_route("*", "/{name}/{rest:.*}", self._serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self._port)
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise TargetError(f"the page server cannot listen on {quote(self._host)}: {error.strerror}") from None
        self._runner = runner
        address = runner.addresses[0]
        self._public = self._public or f"http://{address[0]}:{address[1]}"

    async def _serve(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        page = self._pages.get(name)
        if page is None:
            raise web.HTTPNotFound
        if request.match_info["rest"]:
            calls = self._calls[name]
            if len(calls) < MAX_CALLS:
                calls.append(f"{self._public}{request.path_qs}"[:_LONGEST])
            return web.Response(status=204)
        self._fetched[name] += 1
        if page.form in {"document", "json"}:
            return web.Response(text=page.content, content_type="text/plain")
        title = page.title.replace("<", "&lt;")
        text = f"<!doctype html><html><head><title>{title}</title></head><body>{page.content}</body></html>"
        return web.Response(text=text, content_type="text/html")

    def _name(self, url: str) -> str:
        return url.removeprefix(self._public).strip("/")
