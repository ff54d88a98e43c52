"""An upstream that answers with the same text, as JSON or as a stream: the floor of every comparison.

It answers at once, unless the request's ``user`` is ``slow``: then a stream takes its time between events, as a model
does, so that a client can leave in the middle.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import msgspec
import uvicorn

from bartizan.bench.texts import ANSWER, EVENTS
from bartizan.firewall.asgi import Receive, Scope, Send

_HEADERS = {"id": "chatcmpl-1", "created": 1_790_000_000, "model": "canned"}


def whole() -> bytes:
    """A chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 200, "completion_tokens": 180, "total_tokens": 380}
    return msgspec.json.encode({**_HEADERS, "object": "chat.completion", "choices": [choice], "usage": usage})


def events() -> list[bytes]:
    """The same as SSE events, a few characters each."""

    def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        document = {**_HEADERS, "object": "chat.completion.chunk", "choices": [choice]}
        return b"data: " + msgspec.json.encode(document) + b"\n\n"

    size = -(-len(ANSWER) // EVENTS)
    pieces = [ANSWER[at : at + size] for at in range(0, len(ANSWER), size)]
    return [
        event({"role": "assistant", "content": ""}),
        *(event({"content": piece}) for piece in pieces),
        event({}, "stop"),
        b"data: [DONE]\n\n",
    ]


SLOW = 0.01
"""Seconds between the events of a slow stream."""


class Canned:
    """ASGI application."""

    def __init__(self) -> None:
        self._whole = whole()
        self._events = events()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        stream = b'"stream":true' in body or b'"stream": true' in body
        slow = b'"user":"slow"' in body
        kind = b"text/event-stream" if stream else b"application/json"
        headers = [(b"content-type", kind)]
        if not stream:
            headers.append((b"content-length", b"%d" % len(self._whole)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if stream:
            for event in self._events:
                await send({"type": "http.response.body", "body": event, "more_body": True})
                if slow:
                    await asyncio.sleep(SLOW)
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.body", "body": self._whole})


if __name__ == "__main__":
    uvicorn.run(Canned(), port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="off")
