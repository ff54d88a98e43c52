"""The append-only journal: one JSON line per event, durable as configured before a request goes on."""

from __future__ import annotations

import asyncio
import errno
import math
import re
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.event import Event
from bartizan.core.ids import uuid7
from bartizan.telemetry.chain import LINK_BYTES, Chain
from bartizan.telemetry.reader import MAX_RECORD_BYTES, last_hash
from bartizan.telemetry.recovery import Recovered, recover
from bartizan.telemetry.segment import Segment
from bartizan.workspace import deployment

_WRITER: Final = re.compile(r"[A-Za-z0-9_.]{1,64}")
SYNC_SECONDS: Final = 1.0
"""Under ``durability: write``, how long a record may wait for its fsync while others follow."""

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Journal:
    """One writer's journal; implements :class:`bartizan.core.interfaces.Recorder`.

    ``append`` may be called from any thread. ``commit`` belongs to one event loop; waiting commits share one fsync,
    which runs in a thread of its own.

    Args:
        directory: created with mode 0700 if missing. Leftovers of dead writers in it are recovered first.
        writer: name of this process, such as ``worker1``; letters, digits, ``_`` and ``.``.
        settings: durability, what to do on a full disk, and when a segment is complete.
        beneath: made durable before any record is, in the same thread: what records refer to. May raise OSError.
        monotonic: clock in seconds, for tests.

    Raises:
        ConfigurationError: the writer's name is not allowed.
        JournalError: the directory cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        writer: str,
        settings: deployment.Journal | None = None,
        *,
        beneath: Callable[[], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if _WRITER.fullmatch(writer) is None:
            raise ConfigurationError(f"{writer!r} cannot name a journal writer", "use letters, digits, _ and .")
        self._directory = directory
        self._writer = writer
        self._settings = settings or deployment.Journal()
        self._beneath = beneath or _nothing
        self._monotonic = monotonic
        self._encode = msgspec.json.Encoder().encode
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._unreported: list[OSError] = []
        self._appended = 0
        self._synced = 0
        self._syncing_to = -1
        self._syncing: list[asyncio.Future[None]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._newest: uuid.UUID | None = None
        self._sync_due = monotonic() + SYNC_SECONDS if self._settings.durability == "write" else math.inf
        self._most = self._settings.segment_bytes
        self._closed = False
        self.lost = 0
        """Records dropped (``on_full: drop``) or refused because they could not be kept."""
        self.healthy = True
        """False from a failure until the next record is kept."""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.recovered: list[Recovered] = recover(directory)
            """Segments of dead writers that were completed at this start."""
            self._chain = Chain(uuid7().hex, last_hash(directory, writer))
            self._segment: Segment | None = self._open()
        except OSError as error:
            raise JournalError(f"cannot use the journal {directory}: {error.strerror}") from error

    def append(self, event: Event) -> None:
        """Write one record; it survives the death of this process.

        Raises:
            JournalError: it could not be kept (never under ``on_full: drop``, which counts it in ``lost`` instead), it
                exceeds MAX_RECORD_BYTES, or the journal is closed. Nothing of it is in the file then.
        """
        try:
            body = self._encode(event)
        except UnicodeEncodeError:
            body = self._encode(_without_surrogates(msgspec.to_builtins(event, str_keys=True)))
        if len(body) > MAX_RECORD_BYTES - LINK_BYTES:
            raise JournalError(f"a record of {len(body)} bytes is too long for the journal")
        with self._lock:
            if self._closed:
                raise JournalError("the journal is closed")
            chain, now = self._chain, self._monotonic()
            line = chain.line(body)
            try:
                self._current(len(line), now).append(line)
            except OSError as error:
                self._failed(error)
                return
            chain.written()
            self._appended += 1
            self.healthy = True
            if now >= self._sync_due:
                self._sync_now_and_then()

    def _sync_now_and_then(self) -> None:
        """Under ``write`` nobody waits for an fsync, so it is started here, at most once a second."""
        segment = self._segment
        if segment is None or self._monotonic() < self._sync_due:
            return
        self._sync_due = self._monotonic() + SYNC_SECONDS
        if self._synced < self._appended:
            self._synced = self._appended
            self._thread.submit(self._sync_unawaited, segment)

    def _sync_unawaited(self, segment: Segment) -> None:
        try:
            self._beneath()
            segment.sync()
        except OSError:
            with self._lock:
                self.healthy = False
                self.lost += 1
                if segment is self._segment:
                    self._retire(segment)
                    self._segment = None

    def _current(self, incoming: int, now: float) -> Segment:
        segment = self._segment
        if segment is None:
            segment = self._segment = self._open()
        elif (now >= self._due or segment.size + incoming > self._most) and segment.size:
            fresh = self._open()
            self._retire(segment)
            segment = self._segment = fresh
        return segment

    def _open(self) -> Segment:
        segment = Segment.create(self._directory, self._writer, self._newest)
        self._newest = segment.identifier
        self._due = self._monotonic() + self._settings.segment_seconds
        return segment

    def _retire(self, segment: Segment) -> None:
        self._thread.submit(self._finish, segment)

    def _finish(self, segment: Segment) -> None:
        try:
            self._beneath()
            segment.finish()
        except OSError as error:
            self._unreported.append(error)

    def _failed(self, error: OSError) -> None:
        self.lost += 1
        self.healthy = False
        segment = self._segment
        if segment is not None and (error.errno not in _FULL or segment.broken):
            self._retire(segment)
            self._segment = None
        if self._settings.on_full == "refuse":
            raise JournalError(
                f"the journal cannot take a record: {error.strerror}", "free space on its disk"
            ) from error

    def rotate_if_due(self) -> None:
        """Complete or sync a segment that is due although nothing is being appended; call about once a second."""
        with self._lock:
            self._sync_now_and_then()
            segment = self._segment
            if segment is not None and segment.size and self._monotonic() >= self._due:
                self._retire(segment)
                self._segment = None

    async def commit(self) -> None:
        """Return once everything appended so far is durable; at once under ``durability: write``.

        Raises:
            JournalError: it may not be (never under ``on_full: drop``).
        """
        if self._settings.durability == "write" or self._synced >= self._appended:
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        if self._appended <= self._syncing_to:
            self._syncing.append(waiter)
        else:
            self._waiting.append(waiter)
            if self._syncing_to < 0:
                self._start_sync(loop)
        await waiter

    def _start_sync(self, loop: asyncio.AbstractEventLoop) -> None:
        self._syncing, self._waiting = self._waiting, []
        with self._lock:
            self._syncing_to = self._appended
            segment = self._segment
            try:
                job = self._thread.submit(self._sync, segment)
            except RuntimeError:
                # Closed in between: close() has synced everything, and _unreported says whether it failed.
                job = Future()
                job.set_exception(self._unreported[0]) if self._unreported else job.set_result(None)
        job.add_done_callback(lambda done: _call_soon(loop, self._sync_ended, loop, segment, done))

    def _sync(self, segment: Segment | None) -> None:
        # Earlier segments are finished in this same thread, in order, so their lines are covered too.
        if self._unreported:
            raise self._unreported.pop(0)
        self._beneath()
        if segment is not None:
            segment.sync()

    def _sync_ended(self, loop: asyncio.AbstractEventLoop, segment: Segment | None, done: Future[None]) -> None:
        error = done.exception()
        waiters, self._syncing = self._syncing, []
        reached, self._syncing_to = self._syncing_to, -1
        if error is not None:
            self.healthy = False
            self.lost += reached - self._synced
            with self._lock:
                if segment is not None and segment is self._segment:
                    self._retire(segment)
                    self._segment = None
        self._synced = reached
        for waiter in waiters:
            if waiter.done():
                continue
            if error is None or self._settings.on_full == "drop":
                waiter.set_result(None)
            else:
                waiter.set_exception(JournalError(f"the journal's disk failed: {error}", "check the disk"))
        if self._waiting:
            self._start_sync(loop)

    def close(self) -> None:
        """Sync and complete the segment. Blocks for one fsync; may be called twice.

        Raises:
            JournalError: the last records may not be durable.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._segment is not None:
                self._retire(self._segment)
                self._segment = None
        self._thread.shutdown(wait=True)
        if self._unreported and self._settings.on_full == "refuse":
            raise JournalError(f"the journal's last segment was not completed: {self._unreported[0]}")


def _nothing() -> None:
    """Nothing lies beneath a journal without a vault."""


def _without_surrogates(value: object) -> object:
    # JSON bodies may carry lone surrogates, which UTF-8 cannot say; the record keeps U+FFFD in their place.
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: object) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback, *arguments)
