"""A flood of callers without a key leaves a bounded trace that loses nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
from fake_upstream import answer, fake_upstream
from running import PLAIN_KEY, running

from bartizan.core.event import RefusalsCounted, RequestRefused
from bartizan.firewall import strangers

REQUESTS = 600
PATHS = ("/v1/chat/completions", "/v1/models", "/nothing/here")


async def test_a_flood_without_a_key_is_counted(tmp_path: Path) -> None:
    async with fake_upstream(answer({})) as upstream, running(tmp_path, upstream) as gateway:
        statuses: list[int] = []
        async with aiohttp.ClientSession() as session:

            async def flood(offset: int) -> None:
                for number in range(offset, REQUESTS, 10):
                    path = PATHS[number % 3]
                    method = "GET" if path == "/v1/models" else "POST"
                    async with session.request(method, gateway.url + path, json={"x": "y" * 100}) as reply:
                        statuses.append(reply.status)

            await asyncio.gather(*map(flood, range(10)))
            assert {status: statuses.count(status) for status in set(statuses)} == {401: 400, 404: 200}
            # A principal's own refusals are each recorded, in the middle of the flood.
            headers = {"authorization": f"Bearer {PLAIN_KEY}"}
            async with session.post(gateway.url + PATHS[0], json={"no": "model"}, headers=headers) as reply:
                assert reply.status == 400
    events = gateway.events()
    full = [event for event in events if isinstance(event, RequestRefused) and not event.principal]
    counts = [event for event in events if isinstance(event, RefusalsCounted)]
    assert strangers.CLIENT_BURST <= len(full) < REQUESTS / 5
    assert [event.client for event in counts] == ["127.0.0.1"]
    assert len(full) + counts[0].count == REQUESTS
    assert sum(counts[0].statuses.values()) == counts[0].count
    assert [event.principal for event in events if isinstance(event, RequestRefused) and event.principal] == ["app"]
    assert not upstream.received
