"""Leases against a simulated clock: whatever workers do, together they stay within the bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.limits import Limits, RateLimit
from bartizan.keeper.lease import LeaseTable
from bartizan.keeper.rates import LEASE_SECONDS
from bartizan.keeper.state import KeeperState


class Clock:
    def __init__(self) -> None:
        self.ns = 10**15

    def monotonic_ns(self) -> int:
        return self.ns

    def unix(self) -> float:
        return self.ns / 1e9


class Workers:
    """Several workers on one keeper, without any socket between them."""

    def __init__(self, count: int, limits: Limits) -> None:
        self.clock = Clock()
        self.state = KeeperState(self.clock)
        self.tables = [LeaseTable() for _ in range(count)]
        self.limits = limits
        self.admitted: list[float] = []

    def request(self, worker: int) -> bool:
        table, now, rate = self.tables[worker], self.clock.ns / 1e9, self.limits.rate
        assert rate is not None
        if table.take("alice", rate, now):
            self.admitted.append(now)
            return True
        if table.denied("alice", rate, now) is not None:
            return False
        decision = self.state.admit("alice", self.limits, sharers=len(self.tables))
        if decision.leased:
            table.put("alice", rate, decision.leased, now)
        if decision.grant.allowed:
            self.admitted.append(now)
        else:
            table.deny("alice", rate, decision.grant.retry_after, now)
        return decision.grant.allowed

    def sweep(self, worker: int) -> None:
        for unused in self.tables[worker].sweep(self.clock.ns / 1e9):
            self.state.give_back(unused.principal, unused.rate, unused.units)


steps = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 30_000_000), st.integers(1, 40), st.booleans()), max_size=120
)


@given(st.integers(1, 8), st.integers(1, 400), st.integers(1, 200), steps)
def test_all_workers_together_stay_within_the_bound(
    count: int, requests: int, burst: int, steps: list[tuple[int, int, int, bool]]
) -> None:
    workers = Workers(count, Limits(rate=RateLimit(requests, 1.0, burst)))
    for worker, gap, tries, sweep in steps:
        workers.clock.ns += gap
        for _ in range(tries):
            workers.request(worker % count)
        if sweep:
            workers.sweep(worker % count)
    admitted = workers.admitted
    for first in range(len(admitted)):
        span = admitted[-1] - admitted[first]
        assert len(admitted) - first <= burst + requests * (span + LEASE_SECONDS) + 1e-6


@given(st.integers(1, 8), st.integers(1, 300))
def test_persistent_demand_gets_the_whole_burst_from_any_number_of_workers(count: int, burst: int) -> None:
    workers = Workers(count, Limits(rate=RateLimit(1, 1000.0, burst)))
    for number in range(3 * burst * count):
        workers.request(number % count)
        if number % 10 == 0:
            workers.clock.ns += 100_000
            workers.sweep(number % count)
    assert burst - 1 <= len(workers.admitted) <= burst + 1


def test_unused_slices_are_reported_once_and_expired_ones_not_used() -> None:
    rate, other = RateLimit(10), RateLimit(20)
    table = LeaseTable()
    table.put("alice", rate, 3, 0.0)
    assert not table.take("alice", other, 0.0)
    assert table.take("alice", rate, 0.0)
    table.put("alice", rate, 5, 0.0)
    assert table.sweep(0.0) == [("alice", rate, 2)]
    assert not table.take("alice", rate, LEASE_SECONDS)
    assert table.sweep(LEASE_SECONDS) == [("alice", rate, 5)]
    assert table.sweep(LEASE_SECONDS) == []


def test_denials_are_forgotten_soon_and_by_clearing() -> None:
    rate = RateLimit(10)
    table = LeaseTable()
    table.deny("alice", rate, 10.0, 0.0)
    table.put("bob", rate, 1, 0.0)
    grant = table.denied("alice", rate, 0.01)
    assert grant is not None
    assert grant.retry_after == 9.99
    assert table.denied("alice", RateLimit(11), 0.01) is None
    assert table.denied("alice", rate, LEASE_SECONDS) is None
    table.deny("alice", rate, 10.0, 0.0)
    table.sweep(LEASE_SECONDS)
    table.deny("alice", rate, 10.0, 0.0)
    table.clear()
    assert table.denied("alice", rate, 0.0) is None
    assert not table.take("bob", rate, 0.0)
