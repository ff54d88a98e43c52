"""Cases share out the slots of the model: each goes both ways to one slot, and no slot serves two at a time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack

from aiohttp import web
from tests.range.conftest import Handler, serving

from bartizan.range.campaign import Campaign, Ways
from bartizan.range.cases import Carrier, load_attacks
from bartizan.range.client import ModelClient
from bartizan.range.helpdesk.records import plant

CASES = tuple(case for case in load_attacks() if case.carrier is Carrier.CHAT)[:8]


class Slot:
    """A model that takes a moment, and notes what it is asked and how much of that at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.most = self._now = 0

    def handler(self) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            self._now += 1
            self.most = max(self.most, self._now)
            self.asked.append(json.dumps((await request.json())["messages"]))
            await asyncio.sleep(0.01)
            self._now -= 1
            return web.json_response({"choices": [{"message": {"content": "no"}, "finish_reason": "stop"}]})

        return answer


def test_a_case_goes_both_ways_to_one_slot_and_slots_work_at_the_same_time() -> None:
    slots = (Slot(), Slot())

    async def run() -> None:
        async with AsyncExitStack() as stack:
            ways = []
            for slot in slots:
                url = await stack.enter_async_context(serving(slot.handler()))
                clients = [await stack.enter_async_context(ModelClient(url, "key")) for _ in range(2)]
                ways.append(Ways(*clients))
            campaign = Campaign(ways, plant(1))
            await campaign.attack(CASES)
            for slot in slots:
                assert set(Counter(slot.asked).values()) == {2}  # directly and through the gateway
            assert sum(len(slot.asked) for slot in slots) == 2 * len(CASES)
            await campaign.attack_again(CASES)

    asyncio.run(run())
    assert sum(len(slot.asked) for slot in slots) == 3 * len(CASES)
    assert [slot.most for slot in slots] == [1, 1]
    assert all(len(slot.asked) > len(CASES) for slot in slots)
