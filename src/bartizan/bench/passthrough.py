"""The same stack without its purpose: uvicorn, raw ASGI, aiohttp; bytes in, bytes out. The floor for the gateway."""

from __future__ import annotations

import sys

import aiohttp
import uvicorn

from bartizan.firewall.asgi import Receive, Scope, Send


class PassThrough:
    """ASGI application that forwards every request to one base URL."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        session = self._session
        if session is None:
            session = self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=256),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        headers = {"content-type": "application/json"}
        async with session.post(self._base + scope["path"], data=body, headers=headers) as response:
            kind = response.headers.get("content-type", "").encode()
            length = response.headers.get("content-length")
            out = [(b"content-type", kind)]
            if length is not None:
                out.append((b"content-length", length.encode()))
            await send({"type": "http.response.start", "status": response.status, "headers": out})
            while chunk := await response.content.readany():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvicorn.run(
        PassThrough(sys.argv[2]),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        lifespan="off",
        loop="uvloop",
        http="httptools",
    )
