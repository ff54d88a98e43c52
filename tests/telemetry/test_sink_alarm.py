"""What does not reach a receiver is said in the journal: soon, seldom, and without what the receiver said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from shipping import FAST, Kept, running, shipper, until, write
from test_shipper import Moody

from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError
from bartizan.core.event import Event, SinkAlarmed
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.reader import read_journal
from bartizan.telemetry.sinks.alarm import FAILING_SECONDS, LONGEST, SHORTEST, Alarm
from bartizan.telemetry.sinks.interface import Item, Outcome
from bartizan.telemetry.sinks.state import State, buried


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rejects_are_said_at_once_then_ever_more_seldom_and_none_is_left_out() -> None:
    kept, clock = Kept(), Clock()
    alarm, state = Alarm("siem", kept, clock), State()
    for _ in range(24 * 3_600):
        clock.now += 1
        state.rejected += 1
        alarm.rejected(["request.accepted"])
        alarm.look(state, 0)
    assert 24 <= len(kept.events) <= 24 + 10
    first, second, *_, last = kept.events
    assert isinstance(first, SinkAlarmed)
    assert isinstance(second, SinkAlarmed)
    assert isinstance(last, SinkAlarmed)
    assert (first.count, second.count, first.kinds) == (1, 2 * SHORTEST, ("request.accepted",))
    assert sum(event.count for event in kept.events if isinstance(event, SinkAlarmed)) == last.total
    clock.now += 3 * LONGEST
    alarm.rejected(["x", "y"])
    alarm.look(state, 0)
    clock.now += 2 * SHORTEST
    alarm.rejected(["z"])
    alarm.look(state, 0)
    assert [event.kinds for event in kept.events[-2:] if isinstance(event, SinkAlarmed)][-1] == ("z",)


def test_a_receiver_that_is_gone_is_said_once_and_again_when_it_is_back() -> None:
    kept = Kept()
    alarm, state = Alarm("siem", kept), State(error="Connection refused")
    for age in (0, FAILING_SECONDS - 5, FAILING_SECONDS + 1, FAILING_SECONDS + 60):
        state.failing_since = utc_now() - timedelta(seconds=age)
        alarm.look(state, 7)
    state.error, state.failing_since = "", None
    alarm.look(state, 0)
    alarm.look(state, 0)
    told = [(event.state, event.count, event.detail) for event in kept.events if isinstance(event, SinkAlarmed)]
    assert told == [("failing", 7, "Connection refused"), ("delivering", 0, "")]


def test_an_alarm_that_could_not_be_recorded_is_tried_again() -> None:
    class Full(Kept):
        full = True

        def append(self, event: Event) -> None:
            if self.full:
                raise JournalError("no space")
            super().append(event)

    kept, clock = Full(), Clock()
    alarm, state = Alarm("siem", kept, clock), State(rejected=2)
    alarm.rejected(["a", "b"])
    alarm.look(state, 0)
    kept.full, clock.now = False, LONGEST
    alarm.look(state, 0)
    assert [event.count for event in kept.events if isinstance(event, SinkAlarmed)] == [2]


def test_a_sink_that_rejects_its_own_alarm_too_does_not_go_round(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 20)
    journal = Journal(tmp_path / "journal", "sinks")

    class Refusing(Moody):
        async def send(self, items: Sequence[Item]) -> Outcome:
            return Outcome({place: f"no: {item.line!r}" for place, item in enumerate(items)})

    one = shipper(tmp_path, Refusing(), FAST, recorder=journal)

    async def run() -> None:
        async with running(one):
            await until(lambda: buried(tmp_path / "sink") == len(names) + 1)
            await asyncio.sleep(1.5)
        journal.close()

    asyncio.run(run())
    alarms = [event for event in read_journal(tmp_path / "journal") if isinstance(event, SinkAlarmed)]
    told = [(event.sink, event.state, event.count, event.kinds) for event in alarms]
    assert told == [("s", "rejecting", 20, ("request.accepted",))]
    assert buried(tmp_path / "sink") == 21
    assert not alarms[0].detail
