"""Trials that were answered at the same time send again one after the other, not when the last of them has judged."""

from __future__ import annotations

import asyncio

from bartizan.redteam.turnstile import Turnstile


def passes(turnstile: Turnstile | None, trials: int) -> list[str]:
    """What happens, in order, when all are answered in one pass of the loop and each then computes and sends."""
    seen: list[str] = []

    async def trial(name: int) -> None:
        if turnstile is not None:
            await turnstile.go_through()
        seen.append(f"computes {name}")
        asyncio.get_running_loop().call_soon(seen.append, f"sends {name}")  # as a transport does
        await asyncio.sleep(0)

    async def run() -> None:
        await asyncio.gather(*(trial(name) for name in range(trials)))

    asyncio.run(run())
    return seen


def test_each_sends_before_the_next_computes() -> None:
    assert passes(Turnstile(), 5) == [f"{what} {name}" for name in range(5) for what in ("computes", "sends")]


def test_without_it_all_compute_first() -> None:
    assert passes(None, 3) == [f"{what} {name}" for what in ("computes", "sends") for name in range(3)]


def test_who_is_cancelled_does_not_hold_up_the_rest() -> None:
    async def run() -> list[str]:
        turnstile, seen = Turnstile(), list[str]()

        async def trial(name: str) -> None:
            await turnstile.go_through()
            seen.append(name)

        tasks = [asyncio.create_task(trial(name)) for name in "abc"]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        return seen

    assert asyncio.run(run()) == ["c"]
