"""A shipper beside a journal, in this process or in one that is killed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from journal_events import accepted

from bartizan.core.event import Event
from bartizan.core.interfaces import Recorder
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.mappings import formatter
from bartizan.telemetry.metrics import Registry
from bartizan.telemetry.sinks.alarm import Alarm
from bartizan.telemetry.sinks.file_drop import FileDrop
from bartizan.telemetry.sinks.interface import Sink
from bartizan.telemetry.sinks.shipper import Meters, Shipper
from bartizan.telemetry.sinks.syslog import Syslog
from bartizan.workspace.deployment import Journal as Settings
from bartizan.workspace.sinks import Delivery, FileSink, SyslogSink

FAST = Delivery(retry_seconds=0.05, retry_most_seconds=0.2, timeout_seconds=2.0, batch_bytes=20_000, batch_records=20)


def write(journal: Path, count: int, start: int = 0, writer: str = "w", route: str = "openai.chat") -> list[str]:
    """Write records; their request ids."""
    names = [f"{writer}.{number}" for number in range(start, start + count)]
    with_writer = Journal(journal, writer, Settings(segment_bytes=30_000))
    for name in names:
        with_writer.append(accepted(name, route))
    with_writer.close()
    return names


def shipper(
    root: Path,
    sink: Sink,
    delivery: Delivery = FAST,
    output: str = "native",
    registry: Registry | None = None,
    folder: str = "sink",
    recorder: Recorder | None = None,
) -> Shipper:
    place = root / folder
    place.mkdir(exist_ok=True)
    alarm = Alarm("s", recorder or Kept())
    meters = Meters(registry or Registry())
    return Shipper("s", root / "journal", place, sink, formatter(output), delivery, meters, alarm)


class Kept:
    """Keeps events in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> None:
        self.events.append(event)

    async def commit(self) -> None:
        pass


@asynccontextmanager
async def running(one: Shipper) -> AsyncIterator[None]:
    task = asyncio.create_task(one.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.01)


def syslog(port: int, seconds: float = 2.0) -> Syslog:
    return Syslog(SyslogSink(name="s", host="127.0.0.1", port=port, tls=False), None, seconds)


def ship_until_killed(root: Path, port: int, started: Connection) -> None:
    started.send_bytes(b"")
    asyncio.run(shipper(root, syslog(port)).run())


def file_drop(root: Path, size: int = 1_000_000, seconds: float = 60) -> FileDrop:
    settings = FileSink(name="s", directory="out", format="native", rotate_bytes=size, rotate_seconds=seconds)
    return FileDrop(settings, root / "out")


def drop_until_killed(root: Path, started: Connection) -> None:
    started.send_bytes(b"")
    asyncio.run(shipper(root, file_drop(root, size=15_000)).run())
