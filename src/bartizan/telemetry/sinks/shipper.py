"""The way of records from the journal to one receiver: at least once, in batches, for as long as it takes.

The journal is the spool. One batch is in memory at a time and the saved place moves only after the receiver has it, so
a slow or dead receiver costs nothing but lag, and a killed process sends its last batch twice at worst.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError, JournalError
from bartizan.telemetry.mappings import Formatter
from bartizan.telemetry.mappings.formats import Unmappable
from bartizan.telemetry.metrics import Registry, Value
from bartizan.telemetry.sinks.alarm import Alarm
from bartizan.telemetry.sinks.interface import Item, RefusedError, Sink, SinkError
from bartizan.telemetry.sinks.lag import Lag
from bartizan.telemetry.sinks.state import State, bury, read_state, write_state
from bartizan.telemetry.tailing import Cursor, Tailer
from bartizan.workspace.sinks import Delivery

POLL_SECONDS: Final = 0.5
MEASURE_SECONDS: Final = 2.0
_log = logging.getLogger("bartizan.sinks")


class _Facts(msgspec.Struct):
    id: str
    kind: str
    at: datetime
    action: str = ""


class _Batch(NamedTuple):
    items: list[Item]
    bad: list[tuple[bytes, str]]
    lines: int
    cursor: Cursor
    read_at: datetime
    complete: bool
    """It reaches to the end of the journal."""


class Meters:
    """The metrics of all sinks. Raises ValueError when made twice over one registry."""

    def __init__(self, registry: Registry) -> None:
        label = ("sink",)
        self.lag = registry.gauge("bartizan_sink_lag_records", "Records that a sink has still to deliver.", label)
        self.seconds = registry.gauge("bartizan_sink_lag_seconds", "Age of what a sink has still to deliver.", label)
        self.delivered = registry.counter("bartizan_sink_delivered_total", "Records that receivers took.", label)
        self.rejected = registry.counter("bartizan_sink_rejected_total", "Records in the dead letter.", label)
        self.failures = registry.counter("bartizan_sink_failures_total", "Failed tries to send a batch.", label)


class Shipper:
    """Ships the records of one journal to one sink.

    Args:
        name: the sink's.
        journal: the journal's directory.
        folder: the sink's own, which must exist and belong to this shipper alone.
        sink: the receiver.
        write: the format in which records are sent.
        settings: batches and waits.
        meters: of all sinks.
        alarm: told what does not arrive.
    """

    def __init__(
        self,
        name: str,
        journal: Path,
        folder: Path,
        sink: Sink,
        write: Formatter,
        settings: Delivery,
        meters: Meters,
        alarm: Alarm,
    ) -> None:
        self._name = name
        self._journal = journal
        self._folder = folder
        self._sink = sink
        self._write = write
        self._settings = settings
        self._alarm = alarm
        self._decode = msgspec.json.Decoder(_Facts).decode
        self.state = State()
        self._lag = Lag(journal, Cursor())
        self._records, self._seconds = meters.lag.labels(name), meters.seconds.labels(name)
        self._delivered: Value = meters.delivered.labels(name)
        self._rejected: Value = meters.rejected.labels(name)
        self._failures: Value = meters.failures.labels(name)

    async def run(self) -> None:
        """Ship until cancelled; nothing that goes wrong ends it."""
        opened = False
        attempt = 0
        measuring: asyncio.Task[None] | None = None
        try:
            while True:
                try:
                    if not opened:
                        await asyncio.to_thread(self._open)
                        opened = True
                        measuring = asyncio.create_task(self._measure())
                    await self._step()
                    attempt = 0
                except (BartizanError, OSError) as error:  # our own disk: the receiver's failures end in _deliver
                    attempt += 1
                    await self._failed(error, attempt)
        finally:
            if measuring is not None:
                measuring.cancel()
                await asyncio.gather(measuring, return_exceptions=True)
            await self._sink.close()

    def _open(self) -> None:
        state = read_state(self._folder)
        if state is None:
            state = State()
            if self._settings.start == "now":
                Tailer(self._journal, state.cursor).skip_to_end()
                state.complete_until = utc_now()
            write_state(self._folder, state)
        self.state = state
        self._lag = Lag(self._journal, state.cursor)

    async def _step(self) -> None:
        batch = await asyncio.to_thread(self._read)
        if batch.lines:
            if self.state.complete_until is None and batch.items:
                self.state.complete_until = min(item.at for item in batch.items)
            if batch.bad:
                await self._dead(batch.bad)
            size = max(1, self._settings.batch_records)
            for start in range(0, len(batch.items), size):
                await self._deliver(batch.items[start : start + size])
        else:
            await self._sink.idle()
        if batch.complete:
            self.state.complete_until = batch.read_at
        if batch.lines:
            self.state.cursor = batch.cursor
            self._lag.delivered(batch.lines)
        if batch.lines or self.state.error:
            self._succeeded()
            await asyncio.to_thread(write_state, self._folder, self.state)
        self._alarm.look(self.state, self._lag.records)
        if batch.complete:
            await asyncio.sleep(max(POLL_SECONDS, self._settings.linger_seconds))

    def _read(self) -> _Batch:
        limit = max(1, self._settings.batch_bytes)
        tailer = Tailer(self._journal, self.state.cursor.copy())
        read_at = utc_now()
        lines = tailer.read(limit)
        items: list[Item] = []
        bad: list[tuple[bytes, str]] = []
        for line in lines:
            try:
                facts = self._decode(line.content)
                if self._settings.kinds and not facts.kind.startswith(self._settings.kinds):
                    continue
                at = facts.at if facts.at.tzinfo is not None else facts.at.replace(tzinfo=UTC)
                texts = self._write(line.content)
                items.append(Item(facts.id, facts.kind, at, facts.action, texts, line.content))
            except (msgspec.DecodeError, UnicodeDecodeError, Unmappable) as error:
                bad.append((line.content, f"not sent: {error}"))
        complete = sum(len(line.content) for line in lines) < limit
        return _Batch(items, bad, len(lines), tailer.cursor, read_at, complete)

    async def _deliver(self, items: Sequence[Item]) -> None:
        """Return once each item was taken or is in the dead letter."""
        waiting = list(items)
        attempt = 0
        while waiting:
            try:
                async with asyncio.timeout(self._settings.timeout_seconds):
                    outcome = await self._sink.send(waiting)
            except RefusedError as refused:
                if len(waiting) == 1:
                    await self._dead([(waiting[0].line, refused.cause)])
                    return
                middle = len(waiting) // 2
                await self._deliver(waiting[:middle])
                await self._deliver(waiting[middle:])
                return
            except TimeoutError:
                attempt += 1
                await self._failed(SinkError(f"no answer within {self._settings.timeout_seconds:g} s"), attempt)
                continue
            except Exception as error:  # whatever a receiver brings about, the other sinks and these records go on
                attempt += 1
                await self._failed(error, attempt)
                continue
            await self._dead([(waiting[place].line, reason) for place, reason in outcome.rejected.items()])
            done = len(waiting) - len(outcome.again) - len(outcome.rejected)
            self._delivered.inc(done)
            self.state.delivered += done
            if done:
                self.state.last_delivery = utc_now()
            if outcome.again:
                attempt = 1 if len(outcome.again) < len(waiting) else attempt + 1
                await self._failed(SinkError(f"{len(outcome.again)} records of a batch were not taken"), attempt)
            waiting = [waiting[place] for place in outcome.again]
        self._succeeded()

    async def _dead(self, records: list[tuple[bytes, str]]) -> None:
        if not records:
            return
        await asyncio.to_thread(bury, self._folder, records)
        self._rejected.inc(len(records))
        self.state.rejected += len(records)
        self._alarm.rejected(map(_kind, (line for line, _ in records)))
        _log.error("sink %s: %d records are in the dead letter", self._name, len(records))

    async def _failed(self, error: Exception, attempt: int) -> None:
        """Say so, and wait."""
        text = str(error)[:300] if isinstance(error, BartizanError) else type(error).__name__
        self._failures.inc()
        if self.state.error != text:
            _log.error("sink %s: %s", self._name, text, extra={"attempt": attempt})
        self.state.error = text
        self.state.failing_since = self.state.failing_since or utc_now()
        with contextlib.suppress(JournalError):
            await asyncio.to_thread(write_state, self._folder, self.state)
        self._alarm.look(self.state, self._lag.records)
        asked = error.wait if isinstance(error, SinkError) else 0.0
        await asyncio.sleep(max(asked, backoff(attempt, self._settings)))

    def _succeeded(self) -> None:
        if self.state.error:
            _log.info("sink %s: delivers again", self._name)
        self.state.error, self.state.failing_since = "", None

    async def _measure(self) -> None:
        while True:
            with contextlib.suppress(JournalError):
                self._records.set(await asyncio.to_thread(self._lag.measure))
                self._seconds.set(seconds_behind(self.state, self._lag.records))
            await asyncio.sleep(MEASURE_SECONDS)


def _kind(line: bytes) -> str:
    """Of a record; ``unreadable`` if it is none."""
    try:
        return msgspec.json.decode(line, type=_Facts).kind[:64]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "unreadable"


def seconds_behind(state: State, records: int) -> float:
    """Age of the oldest record that may not have been delivered, in seconds; 0 when none is left."""
    if not records or state.complete_until is None:
        return 0.0
    return max(0.0, (utc_now() - state.complete_until).total_seconds())


def backoff(attempt: int, settings: Delivery) -> float:
    """Seconds to wait after the given failed attempt, counted from 1: exponential, with jitter downwards."""
    longest = min(settings.retry_most_seconds, settings.retry_seconds * 2.0 ** min(attempt - 1, 30))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing
