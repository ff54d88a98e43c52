"""Real threads; each piece of work waits for an event, so that order does not depend on timing."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bartizan.firewall.declined import DeclinedError
from bartizan.firewall.large import LargeTexts


class Work:
    """Holds its thread until told; notes who ran when."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.running = 0
        self.most_running = 0
        self.gate = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, name: str) -> str:
        with self._lock:
            self.begun.append(name)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        assert self.gate.wait(10)
        with self._lock:
            self.running -= 1
        return name

    def quick(self, name: str) -> str:
        with self._lock:
            self.begun.append(name)
        return name


async def until(condition: object) -> None:
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 - other threads
            await asyncio.sleep(0.001)


async def test_one_principal_cannot_delay_another() -> None:
    large, work = LargeTexts(), Work()
    greedy = [asyncio.create_task(large.run("greedy", work, f"greedy{number}")) for number in range(8)]
    await until(lambda: work.begun)
    assert await asyncio.wait_for(large.run("other", work.quick, "other"), 5) == "other"
    assert work.begun == ["greedy0", "other"]
    work.gate.set()
    assert await asyncio.gather(*greedy) == [f"greedy{number}" for number in range(8)]
    assert work.most_running == 1
    large.close()


async def test_principals_take_turns() -> None:
    large, work = LargeTexts(threads=1), Work()
    tasks = [asyncio.create_task(large.run("a", work, "a0"))]
    await until(lambda: work.begun)
    tasks += [asyncio.create_task(large.run("a", work, f"a{number}")) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(large.run(name, work, f"{name}{number}")) for name in "bc" for number in (0, 1)]
    await asyncio.sleep(0)
    work.gate.set()
    await asyncio.gather(*tasks)
    assert work.begun == ["a0", "a1", "b0", "c0", "a2", "b1", "c1", "a3"]
    large.close()


async def test_too_much_waiting_is_refused_for_that_principal_only() -> None:
    large, work = LargeTexts(threads=1, most_waiting=2), Work()
    tasks = [asyncio.create_task(large.run("greedy", work, "g")) for _ in range(3)]
    await until(lambda: work.begun)
    with pytest.raises(DeclinedError) as refused:
        await large.run("greedy", work, "one too many")
    assert (refused.value.status, refused.value.retry_after) == (429, 1.0)
    tasks.append(asyncio.create_task(large.run("other", work, "o")))
    await asyncio.sleep(0)
    work.gate.set()
    assert sorted(await asyncio.gather(*tasks)) == ["g", "g", "g", "o"]
    assert await large.run("greedy", work, "again") == "again"
    large.close()


async def test_whoever_leaves_the_queue_frees_its_place_and_a_thread_stays_taken_while_it_works() -> None:
    large, work = LargeTexts(threads=1, most_waiting=1), Work()
    first = asyncio.create_task(large.run("a", work, "first"))
    await until(lambda: work.begun)
    waiting = asyncio.create_task(large.run("a", work, "waiting"))
    await asyncio.sleep(0)
    for task in (waiting, first):
        task.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(waiting, first, return_exceptions=True)
    )
    next_one = asyncio.create_task(large.run("b", work, "next"))
    await asyncio.sleep(0.01)
    assert work.begun == ["first"]
    work.gate.set()
    assert await next_one == "next"
    large.close()


async def test_a_turn_that_comes_together_with_the_cancellation_is_passed_on() -> None:
    large, work = LargeTexts(threads=1), Work()
    first = asyncio.create_task(large.run("a", work, "first"))
    await until(lambda: work.begun)
    waiting = asyncio.create_task(large.run("b", work, "cancelled"))
    last = asyncio.create_task(large.run("c", work, "last"))
    await asyncio.sleep(0)
    turn = large._waiting["b"][0]
    turn.add_done_callback(lambda _: waiting.cancel())
    work.gate.set()
    assert await asyncio.wait_for(last, 5) == "last"
    assert await first == "first"
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert large._free == 1
    assert not large._waiting
    large.close()


async def test_errors_arrive_and_free_the_thread() -> None:
    def fail() -> None:
        raise ValueError("broken")

    large = LargeTexts(threads=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            await large.run("a", fail)
    large.close()
    with pytest.raises(DeclinedError):
        await large.run("a", fail)
