"""A target for campaigns that answers after a set time and says afterwards how it was asked: ``GET /stats``."""

from __future__ import annotations

import asyncio
import sys
import time

import msgspec
import uvicorn

from bartizan.bench.canned import whole
from bartizan.firewall.asgi import Receive, Scope, Send

_JSON = [(b"content-type", b"application/json")]


class Stats(msgspec.Struct):
    """Of all requests so far; times are ``time.time()``."""

    requests: int = 0
    first: float = 0.0
    """When the first one arrived."""
    last: float = 0.0
    """When the last answer left."""
    held: float = 0.0
    """Seconds between arrival and answer, summed."""
    flying: int = 0
    """Being held now."""
    most: int = 0
    """Held at the same time, ever."""
    area: float = 0.0
    """Requests held, integrated over time: seconds."""
    turned: float = 0.0
    """When ``flying`` changed last."""
    full_until: float = 0.0
    """When ``most`` were held for the last time: what came after is the end, with too little left for all slots."""
    full_area: float = 0.0
    """``area`` by then."""

    def take(self, change: int, now: float) -> None:
        """One more, or one less, is held from ``now`` on."""
        self.area += self.flying * (now - (self.turned or now))
        if self.flying >= self.most:
            self.full_until, self.full_area = now, self.area
        self.flying += change
        self.most = max(self.most, self.flying)
        self.turned = now


class TimedTarget:
    """ASGI application.

    Args:
        seconds: before each answer.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._head, self._found, self._tail = whole().partition(b'"content":"')
        self._stats = Stats()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        arrived = time.time()
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/stats":
            body = msgspec.json.encode(self._stats)
        else:
            stats = self._stats
            stats.requests += 1
            stats.take(1, arrived)
            body = self._head + self._found + b"%d. " % stats.requests + self._tail  # no two answers are alike
            if self._seconds:
                await asyncio.sleep(self._seconds + 0.001)  # the loop rounds to milliseconds, down too
            now = time.time()
            stats.take(-1, now)
            stats.first = stats.first or arrived
            stats.last = now
            stats.held += now - arrived
        headers = [*_JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        TimedTarget(float(sys.argv[2])), port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="off"
    )
