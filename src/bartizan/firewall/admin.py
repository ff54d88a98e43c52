"""The admin application: metrics, health, readiness. Served on an address of its own, without keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from bartizan.firewall.asgi import Receive, Scope, Send, send_whole

_TEXT = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_JSON = (b"content-type", b"application/json")


class Admin:
    """A raw ASGI application.

    Args:
        metrics: Prometheus text of all workers together.
        problems: why nothing is served; empty if it is.
    """

    def __init__(self, metrics: Callable[[], str], problems: Callable[[], Sequence[str]]) -> None:
        self._metrics = metrics
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"unexpected ASGI scope {scope['type']}")
        if scope["method"] not in ("GET", "HEAD"):
            await send_whole(send, 405, [(b"allow", b"GET"), _TEXT], b"GET only\n")
            return
        match scope["path"]:
            case "/metrics":
                await send_whole(send, 200, [_TEXT], self._metrics().encode())
            case "/healthz":
                await send_whole(send, 200, [_TEXT], b"alive\n")
            case "/readyz":
                problems = tuple(self._problems())
                body = msgspec.json.encode({"ready": not problems, "problems": problems})
                await send_whole(send, 503 if problems else 200, [_JSON], body)
            case _:
                await send_whole(send, 404, [_TEXT], b"not found\n")
