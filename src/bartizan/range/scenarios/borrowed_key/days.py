"""Days of the invented company, with what makes hunting hard: homes, retries, a busy hour; and with the thief."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from bartizan.core.event import Event, RequestAccepted, RequestCompleted, RequestRefused
from bartizan.range.scenarios.journal_scenario import Day
from bartizan.telemetry.rehearsal import PEOPLE, START, Habit, Rehearsal

STAFF: Final = PEOPLE[3:8]
SHARE: Final = 0.5
BEFORE: Final = (4, 3)
"""Days before the attacked one that a learner's journal holds too: a Thursday and a Friday."""


def ordinary(seed: int) -> Day:
    """A day without an attack."""
    return Day(_in_order(_day(Rehearsal(2 * seed, share=SHARE), START)), frozenset(), "")


def attacked(seed: int) -> Day:
    """A day with one."""
    rehearsal = Rehearsal(2 * seed + 1, share=SHARE)
    records = list(_day(rehearsal, START))
    chance = rehearsal.random
    victim = chance.choice(STAFF)
    addresses = [f"198.51.100.{chance.randrange(2, 250)}"]
    if chance.random() < 0.4:
        addresses.append(f"203.0.113.{chance.randrange(2, 250)}")
    begin = START + timedelta(hours=chance.uniform(6, 19))
    theft = [
        event
        for number in range(chance.randrange(90, 150))
        for event in rehearsal.exchange(
            victim._replace(client=chance.choice(addresses)),
            begin + timedelta(minutes=number * chance.uniform(0.9, 1.2)),
            session=f"{victim.name}-{begin:%Y%m%d}-{number // 40}",
        )
    ]
    secret = f"{victim.name} {addresses[0]}"
    return Day(_in_order(records + theft), frozenset(event.id for event in theft), secret)


def journal(seed: int) -> list[Event]:
    """What a learner hunts in: ordinary days, then the attacked one."""
    before: list[Event] = []
    for days in BEFORE:
        start = START - timedelta(days=days)
        before += _day(Rehearsal(1_000 * seed + days, start, share=SHARE), start)
    return _in_order(before + attacked(seed).records)


def _day(rehearsal: Rehearsal, start: datetime) -> Iterator[Event]:
    """One day with its oddities; homes differ from day to day's seed, as addresses of homes do."""
    events = rehearsal.days(1)
    chance = rehearsal.random
    homes = {
        habit.name: f"192.0.2.{number * 40 + chance.randrange(40)}"
        for number, habit in enumerate(STAFF)
        if chance.random() < 0.5
    }
    for event in events:
        home = homes.get(getattr(event, "principal", ""))
        if home and isinstance(event, RequestAccepted | RequestCompleted | RequestRefused):
            event = msgspec.structs.replace(event, client=home)
        yield event
    yield from _busy_hour(rehearsal, start, chance, homes)
    yield from _retries(rehearsal, start, chance, homes)


def _at(habit: Habit, homes: dict[str, str]) -> Habit:
    return habit._replace(client=homes.get(habit.name, habit.client))


def _busy_hour(rehearsal: Rehearsal, start: datetime, chance: random.Random, homes: dict[str, str]) -> Iterator[Event]:
    """A colleague with a deadline: up to sixteen different questions in an hour."""
    habit = _at(chance.choice(STAFF), homes)
    begin = start + timedelta(hours=chance.uniform(9, 15))
    for _ in range(chance.randrange(8, 17)):
        yield from rehearsal.exchange(habit, begin + timedelta(minutes=chance.uniform(0, 60)))


def _retries(rehearsal: Rehearsal, start: datetime, chance: random.Random, homes: dict[str, str]) -> Iterator[Event]:
    """A client at home that asks the same until somebody notices."""
    habit = _at(chance.choice(STAFF), homes)
    begin = start + timedelta(hours=chance.uniform(7, 17))
    for number in range(chance.randrange(30, 60)):
        yield from rehearsal.exchange(habit, begin + timedelta(seconds=45 * number), prompt=f"retry {begin}", tokens=0)


def _in_order(events: list[Event] | Iterator[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.at, event.id))
