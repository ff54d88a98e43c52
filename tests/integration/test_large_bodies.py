"""Large bodies of one principal queue behind each other, not before somebody else's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from fake_upstream import answer, fake_upstream
from running import DEBUG_KEY, PLAIN_KEY, running
from test_sdk_clients import ATTACK, chat_reply

from bartizan.core.event import RequestRefused
from bartizan.firewall.large import MOST_WAITING
from bartizan.policy.document import Bodies, PolicyDocument

FILLER = "The quarterly figures follow, one line for each region and month. "


def large(kilobytes: int, tail: str = "") -> dict[str, Any]:
    content = FILLER * (kilobytes * 1_000 // len(FILLER)) + tail
    return {"model": "m", "messages": [{"role": "user", "content": content}]}


async def test_a_greedy_principal_waits_for_itself_and_is_bounded(tmp_path: Path) -> None:
    from running import KEYS

    policy = PolicyDocument(version=1, keys=KEYS, bodies=Bodies(max_bytes=2_000_000))
    async with (
        fake_upstream(answer(chat_reply("hello"))) as upstream,
        running(tmp_path, upstream, policy=policy) as gateway,
        aiohttp.ClientSession() as session,
    ):

        async def post(key: str, body: dict[str, Any]) -> int:
            headers = {"authorization": f"Bearer {key}"}
            async with session.post(gateway.url + "/v1/chat/completions", json=body, headers=headers) as reply:
                return reply.status

        greedy = [asyncio.create_task(post(PLAIN_KEY, large(600))) for _ in range(2 * (MOST_WAITING + 1))]
        async with asyncio.timeout(10):
            while "app" not in gateway.gateway._services.large._busy:  # noqa: ASYNC110 - threads
                await asyncio.sleep(0.001)
        assert await post(DEBUG_KEY, large(100)) == 200
        assert sum(task.done() and task.result() == 200 for task in greedy) < MOST_WAITING / 2
        statuses = await asyncio.gather(*greedy)
        assert set(statuses) == {200, 429}
        assert statuses.count(200) >= MOST_WAITING
        refused = [event for event in gateway.events() if isinstance(event, RequestRefused)]
        assert {event.reason for event in refused} == {"limit: large texts waiting"}
        assert await post(PLAIN_KEY, large(100)) == 200


async def test_what_is_read_elsewhere_is_read_all_the_same(tmp_path: Path) -> None:
    async with (
        fake_upstream(answer(chat_reply("hello"))) as upstream,
        running(tmp_path, upstream) as gateway,
        aiohttp.ClientSession(headers={"authorization": f"Bearer {DEBUG_KEY}"}) as session,
    ):
        url = gateway.url + "/v1/chat/completions"
        async with session.post(url, json=large(150, ATTACK)) as reply:
            assert reply.headers["x-bartizan-verdict"] == "block"
        async with session.post(
            url, data=b'{"a":' + b" " * 70_000, headers={"content-type": "application/json"}
        ) as reply:
            assert reply.status == 400
        upstream.default = answer(chat_reply(FILLER * 2_000 + " key: sk-abcDEF123456"))
        async with session.post(url, json=large(100)) as reply:
            assert reply.status == 200
            text = (await reply.json())["choices"][0]["message"]["content"]
    assert len(upstream.received) == 1
    assert text.startswith(FILLER)
    assert "sk-abcDEF123456" not in text
