"""Receivers over HTTP as a real aiohttp server on loopback, whose moods are scripted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class HttpReceiver:
    """Keeps what it took; ``moods`` are used up first, one for each request: a status, ``hang`` or ``close``."""

    def __init__(self, take: Callable[[HttpReceiver, str], web.Response]) -> None:
        self.moods: list[int | str] = []
        self.headers: list[dict[str, str]] = []
        self.events: list[Any] = []
        self.requests = 0
        self.urls: list[str] = []
        """Path and query of each request."""
        self.url = ""
        self._take = take

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode("utf-8", "surrogateescape")
        self.requests += 1
        self.urls.append(request.raw_path)
        self.headers.append(dict(request.headers))
        mood = self.moods.pop(0) if self.moods else 200
        if mood == "hang":
            await asyncio.sleep(60)
        if mood == "close":
            assert request.transport is not None
            request.transport.abort()
        if mood == 302:
            return web.Response(status=302, headers={"Location": self.url + "/elsewhere"})
        if isinstance(mood, int) and mood != 200:
            return web.Response(status=mood, headers={"Retry-After": "0.01"}, text="{}")
        return self._take(self, body)


@asynccontextmanager
async def serving(receiver: HttpReceiver) -> AsyncIterator[HttpReceiver]:
    application = web.Application(client_max_size=50_000_000)
    application.router.add_post("/{path:.*}", receiver.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def collector(receiver: HttpReceiver, body: str) -> web.Response:
    """Splunk's: JSON objects one after the other, none kept if one is wrong."""
    decoder = json.JSONDecoder()
    events = []
    place = 0
    while place < len(body):
        event, place = decoder.raw_decode(body, place)
        if event.get("event") in (None, ""):
            return web.json_response({"text": "Event field is required", "code": 12}, status=400)
        if "poison" in json.dumps(event):
            return web.json_response({"text": "Invalid data format", "code": 6}, status=400)
        events.append(event)
        while place < len(body) and body[place].isspace():
            place += 1
    receiver.events += events
    return web.json_response({"text": "Success", "code": 0})


def lines(receiver: HttpReceiver, body: str) -> web.Response:
    """A webhook's."""
    receiver.events += [json.loads(line) for line in body.splitlines()]
    return web.Response(status=204)


def bulk(receiver: HttpReceiver, body: str) -> web.Response:
    """Elasticsearch's: each document has its own status. ``later`` documents are taken the second time only."""
    assert body.endswith("\n")
    parts = [json.loads(line) for line in body.split("\n")[:-1]]
    known = {event["_id"] for event in receiver.events}
    items = []
    for action, document in zip(parts[::2], parts[1::2], strict=True):
        (verb, where) = next(iter(action.items()))
        assert verb == "create"
        name = json.dumps(document)
        status, error = 201, {}
        if "poison" in name:
            status, error = 400, {"type": "document_parsing_exception", "reason": "failed to parse field"}
        elif "later" in name and where["_id"] not in receiver.headers[0]:
            receiver.headers[0][where["_id"]] = "seen"
            status, error = 429, {"type": "es_rejected_execution_exception", "reason": "queue is full"}
        elif where["_id"] in known:
            status, error = 409, {"type": "version_conflict_engine_exception", "reason": "document already exists"}
        else:
            receiver.events.append({**where, "document": document})
        items.append({verb: {**where, "status": status, **({"error": error} if error else {})}})
    return web.json_response(
        {"took": 1, "errors": any(item["create"]["status"] > 299 for item in items), "items": items}
    )
