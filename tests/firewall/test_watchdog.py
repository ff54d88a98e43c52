"""Deadlines and departures."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from bartizan.core.errors import UpstreamError
from bartizan.firewall.asgi import Message
from bartizan.firewall.watchdog import ClientGoneError, Watchdog


class Client:
    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}


async def forever() -> None:
    await asyncio.Event().wait()


def test_a_deadline_strikes_and_leaves_no_trace() -> None:
    async def scene() -> None:
        with pytest.raises(UpstreamError, match="late"):  # noqa: PT012
            async with Watchdog(None) as dog:
                dog.arm(0.01, UpstreamError("late"))
                await forever()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(scene())


def test_the_limit_holds_although_every_step_is_in_time() -> None:
    async def scene() -> None:
        with pytest.raises(UpstreamError, match="total"):  # noqa: PT012
            async with Watchdog(None) as dog:
                dog.limit(0.15, UpstreamError("total"))
                while True:
                    dog.arm(5, UpstreamError("step"))
                    await asyncio.sleep(0.01)

    asyncio.run(scene())


def test_a_client_that_leaves_ends_the_work() -> None:
    async def scene() -> None:
        client = Client()
        asyncio.get_running_loop().call_later(0.1, client.left.set)
        with pytest.raises(ClientGoneError):  # noqa: PT012
            async with Watchdog(client.receive) as dog:
                dog.arm(60, UpstreamError("late"))
                await forever()
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(scene())


def test_quick_work_starts_no_task() -> None:
    async def scene() -> None:
        client = Client()
        async with Watchdog(client.receive) as dog:
            dog.arm(1, UpstreamError("late"))
            await asyncio.sleep(0)
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(scene())


def test_disarmed_it_waits() -> None:
    async def scene() -> None:
        async with Watchdog(None) as dog:
            dog.arm(0.01, UpstreamError("late"))
            dog.disarm()
            await asyncio.sleep(0.2)

    asyncio.run(scene())


def test_a_cancellation_from_outside_stays_one() -> None:
    async def work() -> None:
        async with Watchdog(None) as dog:
            dog.arm(60, UpstreamError("late"))
            await forever()

    async def scene() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())


def test_work_that_ends_while_struck_ends_normally() -> None:
    async def scene() -> str:
        async with Watchdog(None) as dog:
            dog.arm(0, UpstreamError("late"))
            dog._look()  # what the timer does
        await asyncio.sleep(0)
        return "done"

    assert asyncio.run(scene()) == "done"


def test_another_error_while_struck_is_that_error() -> None:
    async def scene() -> None:
        with pytest.raises(KeyError):  # noqa: PT012
            async with Watchdog(None) as dog:
                dog.arm(0, UpstreamError("late"))
                dog._look()
                raise KeyError
        await asyncio.sleep(0)

    asyncio.run(scene())


def test_what_a_departed_client_leaves_behind_needs_no_collector() -> None:
    """The error carries the frames of the exchange: a way back from them to the error would keep both."""

    async def serve(client: Client) -> weakref.ref[Watchdog]:
        dog = Watchdog(client.receive)
        try:
            async with dog:
                await forever()
        except ClientGoneError:
            pass
        return weakref.ref(dog)

    async def scene() -> None:
        client = Client()
        client.left.set()
        seen = await serve(client)
        await asyncio.sleep(0)
        assert seen() is None

    gc.disable()
    try:
        asyncio.run(scene())
    finally:
        gc.enable()
