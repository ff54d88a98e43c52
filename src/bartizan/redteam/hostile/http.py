"""The hostile server over streamable HTTP, in this process: for a proxy that is already running."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from bartizan.core.problem import quote
from bartizan.redteam.attempt import ToolCall
from bartizan.redteam.errors import TargetError
from bartizan.redteam.hostile.server import MAX_CALLS, HostileServer, Plant

PATH = "/mcp"
_MAX_BODY = 4_000_000


class HostileHttp:
    """Listens from `start` on; one conversation at a time plants.

    Args:
        host: address to listen on.
        port: 0 takes a free one.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self._plants: list[Plant] = []
        self._calls: list[ToolCall] = []
        self._server = HostileServer(lambda: self._plants, self._called, self._ask)
        self.asked = False
        """Whether anybody asked for anything since something was planted last."""
        self.url = ""

    async def start(self) -> None:
        """Idempotent. Raises TargetError when it cannot listen."""
        if self._runner is not None:
            return
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_post(PATH, self._serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            where = f"{quote(self._host)}, port {self._port}"
            raise TargetError(f"the hostile server cannot listen on {where}: {error.strerror}") from None
        self._runner = runner
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}{PATH}"

    def plant(self, plants: list[Plant]) -> None:
        """In place of what was planted; an empty list makes it honest."""
        self._plants, self._calls, self.asked, self._server.turned = plants, [], False, False

    def calls(self) -> tuple[ToolCall, ...]:
        """Every call that arrived since something was planted last."""
        return tuple(self._calls)

    async def close(self) -> None:
        """Idempotent."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _called(self, call: ToolCall) -> None:
        if len(self._calls) < MAX_CALLS:
            self._calls.append(call)

    def _ask(self) -> None:
        self.asked = True

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            message: Any = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            raise web.HTTPBadRequest from None
        answer = self._server.answer(message)
        if answer is None:
            return web.Response(status=202)
        if message["method"] == "tools/call":
            self._server.changed()  # nobody listens: it is seen when tools are listed again
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")
