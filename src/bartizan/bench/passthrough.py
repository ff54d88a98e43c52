"""The same stack without its purpose: uvicorn, raw ASGI, aiohttp; bytes in, bytes out. The floor for the gateway.

With ``--inspect`` it also parses both bodies of a JSON exchange and hands their texts to the guards, and does nothing
about it: what a gateway with these guards costs at least, without protocols, keys, limits and records.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import aiohttp
import msgspec
import uvicorn

from bartizan.api import Guard
from bartizan.app.guards import build_guard
from bartizan.core.passage import Surface
from bartizan.firewall.asgi import Receive, Scope, Send
from bartizan.policy.document import PolicyDocument

Look = Callable[[bytes, bytes], None]


class PassThrough:
    """ASGI application that forwards every request to one base URL.

    Args:
        base: URL.
        look: is shown each request's body and its whole answer, which then leaves in one piece.
    """

    def __init__(self, base: str, look: Look | None = None) -> None:
        self._base = base
        self._look = look
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
            if self._look is not None:
                answer = await response.read()
                self._look(body, answer)
                await send({"type": "http.response.body", "body": answer})
                return
            while chunk := await response.content.readany():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


def inspecting() -> Look:
    """Inspects a chat completion's last message and answer, as the default policy's rules do."""
    guard = Guard(build_guard(PolicyDocument(version=1), {}, {}))

    def look(request: bytes, answer: bytes) -> None:
        asked = msgspec.json.decode(request)["messages"][-1]["content"]
        said = msgspec.json.decode(answer)["choices"][0]["message"]["content"]
        guard.inspect(asked, Surface.USER)
        guard.inspect(said, Surface.OUTPUT)

    return look


def main() -> None:
    """``PORT BASE [--inspect]``."""
    look = inspecting() if "--inspect" in sys.argv[3:] else None
    uvicorn.run(
        PassThrough(sys.argv[2], look),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        lifespan="off",
        loop="uvloop",
        http="httptools",
    )


if __name__ == "__main__":
    main()
