"""A bare pass-through of the same stack: uvicorn, raw ASGI, aiohttp; no keys, no inspection, no journal.

It exists to measure against: what the gateway costs is its time over this one's.
"""

from __future__ import annotations

from bartizan.firewall.asgi import Receive, Scope, Send, send_whole
from bartizan.firewall.upstream import Call, Upstream


class PassThrough:
    """Forwards every POST body to ``path`` below the upstream's base URL and its answer back, chunk by chunk."""

    def __init__(self, upstream: Upstream, strip: str = "/v1") -> None:
        self._upstream = upstream
        self._strip = strip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pieces: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            pieces.append(message.get("body", b""))
            if not message.get("more_body", False):
                break
        path = scope["path"].removeprefix(self._strip)
        response = await self._upstream.send(Call(path, b"".join(pieces)))
        headers = [(b"content-type", response.content_type)]
        try:
            if not response.content_type.startswith(b"text/event-stream"):
                body = await response.read(self._upstream.max_response_bytes)
                await send_whole(send, response.status, headers, body)
                return
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            while piece := await response.chunk():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            response.close()
