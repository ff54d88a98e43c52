from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from shipping import FAST, running, ship_until_killed, shipper, syslog, until, write
from syslog_receiver import Receiver

from bartizan.telemetry.metrics import Registry
from bartizan.telemetry.sinks.interface import Item, Outcome, RefusedError, SinkError
from bartizan.telemetry.sinks.lag import Lag
from bartizan.telemetry.sinks.shipper import backoff
from bartizan.telemetry.sinks.state import STATE, buried, read_state
from bartizan.telemetry.tailing import Cursor
from bartizan.workspace.sinks import Delivery


class Moody:
    """Takes records, fails, refuses, rejects and postpones as it is told."""

    def __init__(self, seed: int = 1) -> None:
        self.got: list[str] = []
        self.poison: set[str] = set()
        self.rejects: set[str] = set()
        self.mood = random.Random(seed)
        self.calm = True
        self.most = 0

    async def send(self, items: Sequence[Item]) -> Outcome:
        self.most = max(self.most, len(items))
        names = [json.loads(item.line)["request"] for item in items]
        if not self.calm and self.mood.random() < 0.3:
            raise self.mood.choice([SinkError("down"), OSError(), ValueError("a bug")])
        if self.poison & set(names):
            raise RefusedError("too large")
        again = [] if self.calm else [place for place in range(len(items)) if self.mood.random() < 0.3]
        rejected = {place: "bad" for place, name in enumerate(names) if name in self.rejects and place not in again}
        self.got += [name for place, name in enumerate(names) if place not in again and place not in rejected]
        return Outcome(rejected, again)

    async def idle(self) -> None:
        pass

    async def close(self) -> None:
        pass


def place(root: Path) -> tuple[Path, Cursor]:
    state = read_state(root / "sink")
    return root / "journal", Cursor() if state is None else state.cursor


def dead(root: Path) -> list[str]:
    lines = [line for path in (root / "sink" / "dead").glob("*") for line in path.read_text().splitlines()]
    return sorted(json.loads(json.loads(line)["record"])["request"] for line in lines)


def test_whatever_a_receiver_does_each_record_arrives_or_is_in_the_dead_letter(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 150)
    sink = Moody()
    sink.calm, sink.poison, sink.rejects = False, {"w.7", "w.8", "w.149"}, {"w.60"}
    one = shipper(tmp_path, sink, msgspec.structs.replace(FAST, retry_seconds=0.001, retry_most_seconds=0.002))

    async def run() -> None:
        async with running(one):
            await until(lambda: len(sink.got) + len(dead(tmp_path)) >= 150 and Lag(*place(tmp_path)).measure() == 0)

    asyncio.run(run())
    assert sorted(sink.got + dead(tmp_path)) == sorted(names)
    assert dead(tmp_path) == ["w.149", "w.60", "w.7", "w.8"]
    assert buried(tmp_path / "sink") == one.state.rejected == 4
    assert one.state.delivered == 146
    assert sink.most <= FAST.batch_records


def test_a_line_that_is_no_record_goes_to_the_dead_letter_and_the_rest_goes_on(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 5)
    (path,) = (tmp_path / "journal").glob("*.jsonl")
    path.write_bytes(path.read_bytes() + b'{"kind":"x"}\n\xff\xfe\nnull\n')
    sink = Moody()
    one = shipper(tmp_path, sink, output="ocsf")

    async def run() -> None:
        async with running(one):
            await until(lambda: sink.got == names and buried(tmp_path / "sink") == 3)

    asyncio.run(run())


def test_kinds_choose_and_now_passes_over_what_was(tmp_path: Path) -> None:
    write(tmp_path / "journal", 5)
    sink = Moody()
    one = shipper(tmp_path, sink, Delivery(start="now", kinds=("request.",)))
    other = shipper(tmp_path, none := Moody(), Delivery(kinds=("process.",)), folder="other")

    async def run() -> None:
        async with running(one), running(other):
            await until(lambda: (tmp_path / "sink" / STATE).exists())
            later = write(tmp_path / "journal", 5, 5)
            await until(lambda: sink.got == later)

    asyncio.run(run())
    assert not none.got


def test_lag_is_counted_while_a_receiver_is_down_and_the_state_says_why(tmp_path: Path) -> None:
    registry = Registry()
    write(tmp_path / "journal", 40)
    sink = Moody()

    async def down(items: Sequence[Item]) -> Outcome:
        raise SinkError("connection refused")

    sink.send = down  # type: ignore[method-assign]
    one = shipper(tmp_path, sink, registry=registry)

    def metric(name: str) -> float:
        family = next(family for family in registry.snapshot() if family.name == name)
        return family.series[0][1][0]

    async def run() -> None:
        async with running(one):
            await until(lambda: metric("bartizan_sink_lag_records") == 40 and metric("bartizan_sink_lag_seconds") > 0)
            await until(lambda: metric("bartizan_sink_failures_total") >= 3)
        state = read_state(tmp_path / "sink")
        assert state is not None
        assert (state.error, state.cursor.offsets, state.delivered) == ("connection refused", {}, 0)
        del sink.send  # type: ignore[attr-defined]
        fresh = shipper(tmp_path, sink)
        async with running(fresh):
            await until(lambda: len(sink.got) == 40 and fresh.state.error == "" and fresh.state.delivered == 40)

    asyncio.run(run())


def test_a_receiver_that_hangs_is_left_after_the_timeout(tmp_path: Path) -> None:
    write(tmp_path / "journal", 1)
    sink = Moody()

    async def hang(items: Sequence[Item]) -> Outcome:
        await asyncio.sleep(1_000)
        return Outcome()

    sink.send = hang  # type: ignore[method-assign]
    one = shipper(tmp_path, sink, Delivery(timeout_seconds=0.05, retry_seconds=0.01))

    async def run() -> None:
        async with running(one):
            await until(lambda: one.state.error == "no answer within 0.05 s")

    asyncio.run(run())


def test_a_damaged_state_sends_twice_rather_than_never(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 3)
    (tmp_path / "sink").mkdir()
    (tmp_path / "sink" / STATE).write_bytes(b'{"cursor": 7')
    sink = Moody()

    async def run() -> None:
        async with running(shipper(tmp_path, sink)):
            await until(lambda: sink.got == names)

    asyncio.run(run())


def test_kill_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["shipping"])
    chance = random.Random(3)
    names: list[str] = []
    with Receiver() as receiver:
        for number in range(8):
            names += write(tmp_path / "journal", 60, number * 60)
            receive, send = context.Pipe(duplex=False)
            process = context.Process(target=ship_until_killed, args=(tmp_path, receiver.port, send), daemon=True)
            process.start()
            send.close()
            assert receive.poll(30)
            time.sleep(chance.random() * 0.15)
            process.kill()
            process.join()
            receive.close()

        async def rest() -> None:
            one = shipper(tmp_path, syslog(receiver.port))
            async with running(one):
                await until(lambda: Lag(*place(tmp_path)).measure() == 0)

        asyncio.run(rest())
        got = [json.loads(message.text)["request"] for message in receiver.messages]
    assert set(got) == set(names)
    assert not [fault for fault in receiver.faults if not fault.startswith("connection")]


def test_waits_double_up_to_the_longest_and_are_spread() -> None:
    settings = Delivery(retry_seconds=1, retry_most_seconds=60)
    for attempt, longest in ((1, 1), (2, 2), (5, 16), (7, 60), (5_000, 60)):
        waits = [backoff(attempt, settings) for _ in range(200)]
        assert longest / 2 <= min(waits) < longest * 0.6
        assert longest * 0.9 < max(waits) <= longest
