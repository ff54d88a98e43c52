"""Budgets, loops and quarantine of tool calls: the same with every keeper."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_conformance import Opener, keepers, run

from bartizan.core.errors import KeeperError
from bartizan.core.limits import Cooldown, Limits
from bartizan.core.tool_budget import LoopLimit, PrincipalToolBudget, ToolBudget, ToolLimits, ToolUse
from bartizan.keeper.clock import Clock
from bartizan.keeper.interface import EVERYONE, Keeper, session_target
from bartizan.keeper.ledger import Ledger
from bartizan.keeper.loops import loop
from bartizan.keeper.open import open_keeper
from bartizan.keeper.server import KeeperServer
from bartizan.keeper.state import KeeperState
from bartizan.store.database import open_database

__all__ = ["keepers"]

QUIET = LoopLimit(0, 0)


def use(number: object = 0, session: str = "s1", principal: str = "alice", spend: float = 0.0, to: str = "") -> ToolUse:
    return ToolUse(
        principal=principal, session=session, digest=f"{number}", spend=spend, recipients=tuple(to.split())
    )  # fmt: skip


def budgets(session: ToolBudget | None = None, principal: PrincipalToolBudget | None = None) -> ToolLimits:
    return ToolLimits(session or ToolBudget(), principal or PrincipalToolBudget(), QUIET)


async def reasons(keeper: Keeper, uses: list[ToolUse], limits: ToolLimits) -> list[str]:
    return [(await keeper.admit_call(one, limits)).reason for one in uses]


def test_each_sum_has_its_limit(keepers: Opener) -> None:
    async def work(clients: list[Keeper]) -> None:
        first, second = clients
        calls = budgets(ToolBudget(calls=2))
        assert await reasons(first, [use(1), use(2)], calls) == ["", ""]
        assert await reasons(second, [use(3), use(3, "s2"), use(3, "s1", "bob")], calls) == ["session.calls", "", ""]

        spend = budgets(principal=PrincipalToolBudget(spend=1.0))
        assert await reasons(first, [use(1, f"t{n}", "c", 0.1) for n in range(10)], spend) == [""] * 10
        refused = await second.admit_call(use(1, "t0", "c", 0.000_000_001), spend)
        assert refused.reason == "principal.spend"
        assert 0 < refused.retry_after <= 86_400
        assert (await second.admit_call(use(1, "t0", "c"), spend)).allowed

        both = budgets(ToolBudget(recipients=2), PrincipalToolBudget(recipients=3, window="hour"))
        assert await reasons(first, [use(1, "a", "d", to="x y"), use(1, "a", "d", to="y x x")], both) == ["", ""]
        assert await reasons(second, [use(1, "a", "d", to="z")], both) == ["session.recipients"]
        assert await reasons(first, [use(1, "b", "d", to="z"), use(1, "b", "d", to="w")], both) == [
            "", "principal.recipients",
        ]  # fmt: skip

    run(work, keepers, 2)


def test_what_did_not_run_is_given_back(keepers: Opener) -> None:
    limits = budgets(ToolBudget(calls=2, spend=10, recipients=1), PrincipalToolBudget(calls=2, spend=10, recipients=1))

    async def work(clients: list[Keeper]) -> None:
        first, second = clients
        one = use(1, spend=10, to="x")
        grant = await first.admit_call(one, limits)
        assert grant.allowed
        assert grant.window > 0
        assert not (await second.admit_call(use(2, spend=1, to="x"), limits)).allowed
        await first.settle_call(one, limits, False, grant.window)
        await asyncio.sleep(0.05)
        again = await second.admit_call(use(2, spend=10, to="y"), limits)
        assert again.allowed
        await second.settle_call(use(2, spend=10, to="y"), limits, True, again.window)
        await asyncio.sleep(0.05)
        assert (await first.admit_call(use(3, to="x"), limits)).reason == "session.recipients"
        # Never below nothing, and never into another window.
        for window in (again.window, 3600):
            await first.settle_call(use(9, "s9", "eve", 500, "x"), limits, False, window)
        await asyncio.sleep(0.05)
        assert await reasons(second, [use(n, "s9", "eve") for n in range(3)], limits) == ["", "", "session.calls"]

    run(work, keepers, 2)


def test_of_many_at_once_only_the_budget_goes_through(keepers: Opener) -> None:
    limits = budgets(principal=PrincipalToolBudget(spend=5))

    async def work(clients: list[Keeper]) -> None:
        uses = [use(n, f"s{n}", spend=1) for n in range(40)]
        grants = await asyncio.gather(*(clients[number % 4].admit_call(one, limits) for number, one in enumerate(uses)))
        assert sum(grant.allowed for grant in grants) == 5

    run(work, keepers, 4)


def test_loops_are_seen_across_workers(keepers: Opener) -> None:
    limits = ToolLimits(loops=LoopLimit(repeats=4, rounds=3))

    async def work(clients: list[Keeper]) -> None:
        async def play(calls: str, session: str) -> list[str]:
            found = []
            for number, call in enumerate(calls):
                found.append((await clients[number % 2].admit_call(use(call, session), limits)).reason)
            return found

        assert await play("aaaa", "1") == ["", "", "", "loop.repeat"]
        assert await play("aaab", "2") == [""] * 4
        assert await play("ababab", "3") == [""] * 5 + ["loop.round"]
        assert await play("abcabcabcd", "4") == [""] * 8 + ["loop.round", ""]
        assert await play("abcdabcdabcd", "5") == [""] * 11 + ["loop.round"]
        assert await play("abcdeabcdeabcde", "6") == [""] * 15
        assert await play("aaaa", "") == [""] * 4

    run(work, keepers, 2)


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(0, 6), st.integers(0, 4))
def test_a_loop_is_what_the_definition_says(calls: list[str], repeats: int, rounds: int) -> None:
    limit = LoopLimit(repeats, rounds)
    text = "".join(calls)
    expected = ""
    if repeats and text and text.endswith(text[-1] * repeats):
        expected = "loop.repeat"
    elif rounds:
        for length in (2, 3, 4):
            last = text[-length:]
            if len(last) == length and len(set(last)) > 1 and text.endswith(last * rounds):
                expected = "loop.round"
    assert loop(calls, limit) == expected


@pytest.mark.parametrize("target", ["alice", EVERYONE, session_target("s1")])
def test_quarantine_stops_tool_calls_everywhere_at_once(keepers: Opener, target: str) -> None:
    limits = budgets()

    async def work(clients: list[Keeper]) -> None:
        first, second = clients
        assert (await second.admit_call(use(1), limits)).allowed
        await first.quarantine(target)
        for client in clients:
            assert (await client.admit_call(use(2), limits)).reason == "quarantine"
            others = await reasons(client, [use(2, "s2"), use(2, "s2", "bob"), use(2, "", "bob")], limits)
            assert others == [
                "" if target == session_target("s1") else "quarantine",
                "quarantine" if target == EVERYONE else "",
                "quarantine" if target == EVERYONE else "",
            ]
        await second.release(target)
        assert (await first.admit_call(use(3), limits)).allowed

    run(work, keepers, 2)


def test_a_cooldown_stops_tool_calls_too(keepers: Opener) -> None:
    async def work(clients: list[Keeper]) -> None:
        await clients[0].record_block("alice", Limits(cooldown=Cooldown(blocks=1, pause=30)))
        await asyncio.sleep(0.05)
        grant = await clients[0].admit_call(use(1), budgets())
        assert grant.reason == "cooldown"
        assert 0 < grant.retry_after <= 30

    run(work, keepers)


@pytest.mark.parametrize("spend", [-1.0, float("nan"), float("inf"), 1e7])
def test_impossible_amounts_are_errors(keepers: Opener, spend: float) -> None:
    async def work(clients: list[Keeper]) -> None:
        for _ in range(2):
            with pytest.raises(KeeperError):
                await clients[0].admit_call(use(1, spend=spend), budgets(ToolBudget(spend=1)))
        with pytest.raises(KeeperError):
            await clients[0].admit_call(use(1, to=" ".join(map(str, range(1_001)))), budgets())
        assert (await clients[0].admit_call(use(1, spend=1.0), budgets(ToolBudget(spend=1)))).allowed

    run(work, keepers)


def test_names_that_look_alike_do_not_share(keepers: Opener) -> None:
    limits = budgets(ToolBudget(calls=1))
    names = [("a", "b:c"), ("a:b", "c"), ("1:a", "b"), ("a", "\0"), ("", "x"), ("ü", "}{")]

    async def work(clients: list[Keeper]) -> None:
        for principal, session in names:
            assert (await clients[0].admit_call(use(1, session, principal), limits)).allowed
        for principal, session in names:
            assert not (await clients[0].admit_call(use(1, session, principal), limits)).allowed

    run(work, keepers)


class _Turned(Clock):
    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def unix(self) -> float:
        return self.now

    def monotonic_ns(self) -> int:
        return int(self.now * 1e9)


def test_windows_and_idle_sessions_begin_anew_but_never_backwards() -> None:
    clock = _Turned()
    state = KeeperState(clock)
    limits = budgets(ToolBudget(calls=1), PrincipalToolBudget(calls=2))
    assert state.admit_call(use(1), limits).allowed
    assert state.admit_call(use(1), limits).reason == "session.calls"
    assert state.admit_call(use(1, "s2"), limits).allowed
    assert state.admit_call(use(1, "s3"), limits).reason == "principal.calls"
    clock.now -= 86_400
    assert state.admit_call(use(1, "s4"), limits).reason == "principal.calls"
    clock.now += 3 * 86_400
    assert state.admit_call(use(1), limits).allowed
    state.tools.take_dirty()
    clock.now += 3 * 86_400
    state.sweep()
    assert state.size() == 0


def test_sums_outlive_the_keeper_and_eviction(tmp_path: Path) -> None:
    limits = budgets(ToolBudget(calls=3, recipients=2), PrincipalToolBudget(spend=10, window="month"))

    async def session(work: Callable[[Keeper, KeeperServer], Awaitable[None]]) -> None:
        ledger = Ledger(open_database("sqlite:///state.db", tmp_path))
        server = KeeperServer(tmp_path / "k.sock", ledger)
        await server.start()
        client = open_keeper("unix:k.sock", tmp_path)
        await work(client, server)
        await client.close()
        await server.stop()
        ledger.close()

    async def first(client: Keeper, server: KeeperServer) -> None:
        assert (await client.admit_call(use(1, spend=6, to="x"), limits)).allowed
        assert (await client.admit_call(use(1, spend=4, to="y"), limits)).allowed
        await client.quarantine(session_target("bad\0"))

    async def second(client: Keeper, server: KeeperServer) -> None:
        assert (await client.admit_call(use(1, "bad\0"), limits)).reason == "quarantine"
        assert (await client.admit_call(use(1, spend=1), limits)).reason == "principal.spend"
        assert (await client.admit_call(use(1, to="z"), limits)).reason == "session.recipients"
        server._state.tools.sweep(0, 0)
        assert len(server._state.tools) == 0
        assert (await client.admit_call(use(1, spend=1), limits)).reason == "principal.spend"
        assert (await client.admit_call(use(1, "new", "new", spend=1), limits)).allowed
        assert (await client.admit_call(use(1, to="x"), limits)).allowed
        assert (await client.admit_call(use(1, to="x"), limits)).reason == "session.calls"

    asyncio.run(session(first))
    asyncio.run(session(second))
