from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import KeeperError
from bartizan.core.limits import Budget, Cooldown, Limits, RateLimit
from bartizan.keeper import budget as budget_module
from bartizan.keeper import state as state_module
from bartizan.keeper.budget import BudgetBook, Spend, nano
from bartizan.keeper.clock import SystemClock
from bartizan.keeper.state import KeeperState
from bartizan.keeper.window import window_at

DAY = 86400.0


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 23, 59, 50, tzinfo=UTC).timestamp()

    def monotonic_ns(self) -> int:
        return int(self.now * 1e9)

    def unix(self) -> float:
        return self.now


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.sampled_from(["hour", "day", "month"]))  # noqa: DTZ001
def test_windows_are_calendar_windows(moment: datetime, kind: str) -> None:
    unix = moment.replace(tzinfo=UTC).timestamp()
    window = window_at(kind, unix)  # type: ignore[arg-type]
    assert window.start <= unix < window.end
    start, end = (datetime.fromtimestamp(edge, UTC) for edge in window)
    assert (start.minute, start.second, end.minute, end.second) == (0, 0, 0, 0)
    if kind == "month":
        assert (start.day, start.hour, end.day, end.hour) == (1, 0, 1, 0)
        assert 28 <= (end - start).days <= 31
    else:
        assert window.end - window.start == {"hour": 3600, "day": 86400}[kind]


def test_budget_opens_anew_at_midnight_and_late_give_backs_are_dropped() -> None:
    clock = Clock()
    state, limits = KeeperState(clock), Limits(budget=Budget(tokens=100))
    grant = state.admit("alice", limits, tokens=100).grant
    refused = state.admit("alice", limits, tokens=1).grant
    assert (refused.reason, refused.retry_after) == ("budget.tokens", 10.0)
    clock.now += 10
    assert state.admit("alice", limits, tokens=60).grant.allowed
    state.settle("alice", limits, -90, 0.0, grant.window)
    assert not state.admit("alice", limits, tokens=41).grant.allowed
    state.settle("alice", limits, 30, 0.0, grant.window)
    assert not state.admit("alice", limits, tokens=11).grant.allowed


def test_clock_that_goes_back_does_not_reopen_a_window() -> None:
    clock = Clock()
    state, limits = KeeperState(clock), Limits(budget=Budget(requests=1))
    clock.now += 10
    assert state.admit("alice", limits).grant.allowed
    clock.now -= 3600
    assert not state.admit("alice", limits).grant.allowed


def test_costs_are_exact_and_rounded_up() -> None:
    clock = Clock()
    state, limits = KeeperState(clock), Limits(budget=Budget(cost=0.3))
    assert all(state.admit("alice", limits, cost=0.1).grant.allowed for _ in range(3))
    assert state.admit("alice", limits, cost=1e-12).grant.reason == "budget.cost"
    assert nano(1e-12) == 1
    assert nano(-1e-12) == -1
    with pytest.raises(KeeperError):
        nano(1e10)


def test_memory_is_given_back_when_nothing_depends_on_it() -> None:
    clock = Clock()
    state = KeeperState(clock)
    limits = Limits(rate=RateLimit(10), budget=Budget(requests=5), cooldown=Cooldown(blocks=2, seconds=60, pause=60))
    for number in range(50):
        state.admit(f"p{number}", limits)
        state.record_block(f"p{number}", limits)
    state.record_block("p1", limits)
    assert state.size() == 150
    state.sweep()
    assert state.size() == 150
    clock.now += 3 * DAY
    state.sweep()
    assert state.size() == 50, "sums that the store has not taken are kept"
    state.budgets.take_dirty()
    state.sweep()
    assert state.size() == 0


def test_rows_beyond_the_bound_are_evicted_only_when_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "MOST_PRINCIPALS", 10)
    clock = Clock()
    state, limits = KeeperState(clock), Limits(budget=Budget(requests=5))
    for number in range(30):
        state.admit(f"p{number}", limits)
    state.sweep()
    assert len(state.budgets) == 30
    assert not state.needs_load("p0", limits)
    saved = state.budgets.take_dirty()
    assert len(saved) == 30
    state.sweep()
    assert len(state.budgets) == 10
    assert state.needs_load("p0", limits)
    assert not state.needs_load("p0", Limits())
    state.budgets.load(row for row in saved if row.principal == "p0")
    assert not state.needs_load("p0", limits)
    state.admit("p0", limits)
    assert [row.requests for row in state.budgets.take_dirty()] == [2]


def test_dirty_rows_are_copies_and_can_be_marked_again() -> None:
    book = BudgetBook()
    book.add("alice", "day", 0.0, 1, 2, 3)
    (row,) = book.take_dirty()
    book.add("alice", "day", 0.0, 1, 2, 3)
    assert (row.requests, row.tokens, row.cost) == (1, 2, 3)
    assert [row.requests for row in book.take_dirty()] == [2]
    assert book.take_dirty() == []
    book.mark_dirty([row, Spend("gone", "day", 0)])
    assert [row.requests for row in book.take_dirty()] == [2]


def test_sums_do_not_overflow_what_the_store_can_hold() -> None:
    book = BudgetBook()
    for _ in range(3):
        book.add("alice", "day", 0.0, 1, budget_module._MAX, budget_module._MAX)
    (row,) = book.take_dirty()
    assert row.tokens == row.cost == budget_module._MAX < 2**63


def test_stored_rows_never_replace_newer_ones() -> None:
    clock = Clock()
    state = KeeperState(clock, [Spend("alice", "day", window_at("day", clock.now).start, requests=4)])
    limits = Limits(budget=Budget(requests=5))
    assert state.admit("alice", limits).grant.allowed
    state.budgets.load([Spend("alice", "day", 0, requests=0)])
    assert not state.admit("alice", limits).grant.allowed


def test_system_clock_runs() -> None:
    clock = SystemClock()
    assert clock.monotonic_ns() <= clock.monotonic_ns()
    assert abs(clock.unix() - datetime.now(UTC).timestamp()) < 60
