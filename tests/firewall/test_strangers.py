from __future__ import annotations

import pytest

from bartizan.core.errors import JournalError
from bartizan.core.event import Event, RefusalsCounted
from bartizan.firewall import strangers
from bartizan.firewall.strangers import Strangers, network_of


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Memory:
    """A recorder that can be full."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.room = 1_000_000

    def append(self, event: Event) -> None:
        if len(self.events) >= self.room:
            raise JournalError("full")
        self.events.append(event)

    async def commit(self) -> None: ...


def counted(memory: Memory) -> dict[str, int]:
    found: dict[str, int] = {}
    for event in memory.events:
        assert isinstance(event, RefusalsCounted)
        assert event.count == sum(event.statuses.values())
        assert event.since <= event.at
        found[event.client] = found.get(event.client, 0) + event.count
    return found


def test_a_flood_from_one_address_is_recorded_up_to_a_rate_and_counted_beyond() -> None:
    clock, memory = Clock(), Memory()
    watch = Strangers(clock)
    full = 0
    for number in range(10_000):
        full += watch.admits("", "203.0.113.9", 401 if number % 2 else 404)
        clock.now += 0.01
        watch.tell(memory)
    assert strangers.CLIENT_BURST <= full <= strangers.CLIENT_BURST + 100 * strangers.CLIENT_RATE
    assert len(memory.events) <= 100 / strangers.TELL_SECONDS
    watch.tell(memory, everything=True)
    assert counted(memory) == {"203.0.113.9": 10_000 - full}
    assert set(memory.events[0].statuses) == {"401", "404"}  # type: ignore[union-attr]
    watch.tell(memory, everything=True)
    assert counted(memory) == {"203.0.113.9": 10_000 - full}


def test_many_addresses_together_are_bounded_too_and_none_is_lost() -> None:
    clock, memory = Clock(), Memory()
    watch = Strangers(clock)
    full = sum(watch.admits("", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 401) for n in range(20_000))
    assert full == strangers.TOTAL_BURST
    assert len(watch._clients) <= strangers.MOST_REMEMBERED
    clock.now += strangers.TELL_SECONDS
    watch.tell(memory)
    assert len(memory.events) == strangers.MOST_CLIENTS + 1
    assert sum(counted(memory).values()) == 20_000 - full
    assert counted(memory)[strangers.OTHERS] > 15_000


def test_whoever_has_a_key_is_always_recorded() -> None:
    watch = Strangers(Clock())
    assert all(watch.admits("app", "203.0.113.9", 429) for _ in range(1_000))
    assert sum(watch.admits("anonymous", "203.0.113.9", 429) for _ in range(1_000)) == strangers.CLIENT_BURST


def test_counts_wait_for_a_journal_that_is_full() -> None:
    clock, memory = Clock(), Memory()
    watch = Strangers(clock)
    for address in ("a", "b"):
        for _ in range(25):
            watch.admits("", address, 401)
    memory.room = 1
    clock.now += strangers.TELL_SECONDS
    watch.tell(memory)
    watch.tell(memory)
    assert counted(memory) == {"a": 5}
    memory.room = 10
    assert [watch.admits("", "b", 401) for _ in range(4)] == [True, True, True, False]  # 30 s have passed
    clock.now += strangers.TELL_SECONDS
    watch.tell(memory)
    assert counted(memory) == {"a": 5, "b": 6}


def test_addresses_whose_rate_has_recovered_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "MOST_REMEMBERED", 10)
    clock = Clock()
    watch = Strangers(clock)
    for number in range(8):
        watch.admits("", f"old{number}", 401)
    clock.now += 1_000
    for _ in range(50):
        watch.admits("", "busy", 401)
    watch.admits("", "next", 401)
    watch.admits("", "last", 401)
    assert set(watch._clients) == {"busy", "last"}
    assert not watch.admits("", "busy", 401)


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", ""),
        ("not:an:address", "not:an:address"),
    ],
)
def test_networks(client: str, network: str) -> None:
    assert network_of(client) == network
