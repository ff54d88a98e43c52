"""Reading the segments of all writers as one stream, in the order of time."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from bartizan.core.errors import JournalError
from bartizan.telemetry.following import final_name
from bartizan.telemetry.reader import MAX_RECORD_BYTES, open_segment, segments
from bartizan.telemetry.segment import DONE_SUFFIX, SEGMENT_NAME
from bartizan.telemetry.tailing import Cursor

BLOCK: Final = 65_536
"""Of a larger one, what was decoded has left the processor's caches by the time it is used."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SETTLED: Final = 0.1
"""A directory that changed this many seconds before it was listed is listed again: its clock is coarse."""


class Record(msgspec.Struct, frozen=True, gc=False):  # JSON has no cycles
    """One record of the journal."""

    time: int
    """Microseconds since 1970; the time of the record before it where it says none."""
    event: dict[str, Any]


class _Source:
    """One segment."""

    def __init__(self, path: Path, offset: int) -> None:
        self.name = final_name(path)
        self.taken = offset
        """Bytes of lines that were given away, or passed over."""
        self.complete = path.name.endswith(DONE_SUFFIX)
        self.ahead: deque[tuple[int, int, dict[str, Any]]] = deque()
        """Time, end and content of the records that were read."""
        self.unread = 0
        self._path = path
        self._file: BinaryIO | None = None
        self._read = offset
        self._last = 0

    def fill(self) -> bool:
        """Whether there is a record to take. Raises OSError."""
        while not self.ahead:
            if self._file is None:
                self._file = open_segment(self._path)
            self._file.seek(self._read)
            block = self._file.read(BLOCK)
            while b"\n" not in block and BLOCK <= len(block) <= MAX_RECORD_BYTES:
                more = self._file.read(BLOCK)
                if not more:
                    break
                block += more
            end = block.rfind(b"\n") + 1
            if not end:
                if len(block) <= MAX_RECORD_BYTES:
                    return False
                self._pass_over(len(block))  # no record is so long
            self._decode(block[:end])
        return True

    def _pass_over(self, size: int) -> None:
        self._read += size
        self.taken = self._read
        self.unread += 1

    def _decode(self, block: bytes) -> None:
        decode = msgspec.json.decode
        for line in block.split(b"\n")[:-1]:
            self._read += len(line) + 1
            try:
                event = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                event = None
            if not isinstance(event, dict):
                self.unread += 1
                continue
            try:
                moment = datetime.fromisoformat(event["at"])
                since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
                self._last = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
            except (KeyError, TypeError, ValueError, OverflowError):
                pass  # ordered by the record before it
            self.ahead.append((self._last, self._read, event))
        if not self.ahead:
            self.taken = self._read

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class Merged:
    """Reads a journal from a saved place on. Blocks on files: call it in a thread.

    Records come in the order of their time as far as they are there: of one writer in the order of its segments, of
    several by what each has next. A record of an altered segment that is none is passed over and counted.

    Args:
        directory: the journal's; it may not be there yet.
        cursor: where to start.
    """

    def __init__(self, directory: Path, cursor: Cursor) -> None:
        self._directory = directory
        self._done = {name for name, offset in cursor.offsets.items() if offset < 0}
        self._started = {name: offset for name, offset in cursor.offsets.items() if offset >= 0}
        self._writers: dict[str, dict[str, _Source]] = {}
        self._listed = (-1, False)
        self._unread = 0

    @property
    def unread(self) -> int:
        """Lines that are no records."""
        return self._unread + sum(source.unread for source in self._sources())

    def _sources(self) -> Iterator[_Source]:
        for sources in self._writers.values():
            yield from sources.values()

    def read(self, limit: int) -> tuple[list[Record], bool]:
        """At most ``limit`` records, and whether that is all there is.

        Raises:
            JournalError: a segment cannot be read.
        """
        try:
            self._refresh()
            found: list[Record] = []
            while len(found) < limit:
                heads = sorted(((source.ahead[0][0], source) for source in self._ready()), key=lambda head: head[0])
                if not heads:
                    return found, True
                source = heads[0][1]
                until = heads[1][0] if len(heads) > 1 else sys.maxsize
                ahead = source.ahead
                while ahead and ahead[0][0] <= until and len(found) < limit:
                    moment, source.taken, event = ahead.popleft()
                    found.append(Record(moment, event))
            return found, False
        except OSError as error:
            raise JournalError(f"cannot read the journal {self._directory}: {error.strerror}") from error

    def cursor(self) -> Cursor:
        """Where the records that were given away end."""
        offsets = self._started | dict.fromkeys(self._done, -1)
        offsets |= {source.name: source.taken for source in self._sources() if source.taken}
        return Cursor(offsets)

    def _ready(self) -> list[_Source]:
        """The segments whose next record may be the earliest: of each writer the oldest that is complete, or all that
        are open (a name may be shared by several processes)."""
        ready = []
        for sources in self._writers.values():
            for source in list(sources.values()):
                if source.fill():
                    ready.append(source)
                    if source.complete:
                        break
                elif source.complete:
                    self._finish(sources, source)
        return ready

    def _finish(self, sources: dict[str, _Source], source: _Source) -> None:
        source.close()
        self._unread += source.unread
        self._done.add(source.name)
        del sources[source.name]

    def _refresh(self) -> None:
        try:
            changed = self._directory.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if self._listed == (changed, True):
            return
        self._listed = (changed, time.time_ns() - changed > _SETTLED * 1e9)
        present = set()
        for path in segments(self._directory):
            name = final_name(path)
            present.add(name)
            if name in self._done:
                continue
            match = SEGMENT_NAME.fullmatch(name)
            sources = self._writers.setdefault(match[1] if match else "", {})
            source = sources.get(name)
            if source is None:
                sources[name] = _Source(path, self._started.pop(name, 0))
            elif path.name.endswith(DONE_SUFFIX):
                source.complete = True
        self._done &= present
        self._started = {name: offset for name, offset in self._started.items() if name in present}

    def close(self) -> None:
        """Let go of all files."""
        for source in self._sources():
            source.close()
