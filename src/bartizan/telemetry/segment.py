"""One file of the journal: appended to by one writer, locked while that writer lives, renamed when complete.

``<writer>-<uuid7>.jsonl.open`` is being written, ``<writer>-<uuid7>.jsonl`` is complete: whole lines only.
"""

from __future__ import annotations

import fcntl
import os
import re
import uuid
from pathlib import Path
from typing import Final

from bartizan.core.ids import uuid7
from bartizan.telemetry.durable import directory_lock, sync_directory, sync_file

OPEN_SUFFIX: Final = ".jsonl.open"
DONE_SUFFIX: Final = ".jsonl"
TORN_SUFFIX: Final = ".jsonl.torn"
SEGMENT_NAME: Final = re.compile(r"([A-Za-z0-9_.]{1,64})-([0-9a-f]{32})\.jsonl(\.open)?")
"""Writer, UUIDv7, and whether it is still open."""


class Segment:
    """An open segment. Not thread-safe: one thread appends; another may call ``sync`` and, at the end, ``finish``."""

    def __init__(self, path: Path, descriptor: int, identifier: uuid.UUID) -> None:
        self.path = path
        self.identifier = identifier
        self.size = 0
        """Bytes, all of them in whole lines."""
        self.broken = False
        """A failed write could not be taken back; recovery will cut the tail off."""
        self._descriptor = descriptor
        self._directory_synced = False
        self._failed: OSError | None = None

    @classmethod
    def create(cls, directory: Path, writer: str, after: uuid.UUID | None = None) -> Segment:
        """A new, locked, empty segment whose id sorts after ``after``. Raises OSError."""
        identifier = uuid7()
        while after is not None and identifier <= after:
            identifier = uuid7()
        path = directory / f"{writer}-{identifier.hex}{OPEN_SUFFIX}"
        # Recovery takes the same lock, so that it never sees a fresh segment before its writer has locked it.
        with directory_lock(directory):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return cls(path, descriptor, identifier)

    def append(self, line: bytes) -> None:
        """Write one newline-terminated line, or nothing.

        Raises:
            OSError: it could not be written; what part of it had been written was taken back.
        """
        try:
            written = os.write(self._descriptor, line)
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
            self.size += written
        except BaseException:
            self._take_back()
            raise

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            self.broken = True

    def sync(self) -> None:
        """Make every line so far durable.

        Raises:
            OSError: now or at any earlier call. After one failure the kernel may have dropped the data and would report
                success on the next try, so a segment never recovers from it.
        """
        if self._failed is not None:
            raise self._failed
        try:
            sync_file(self._descriptor)
            if not self._directory_synced:
                sync_directory(self.path.parent)
                self._directory_synced = True
        except OSError as error:
            self._failed = error
            raise

    def finish(self) -> None:
        """Sync, give the segment its final name and let go of it. An empty one is removed instead.

        Raises:
            OSError: its last lines may not be durable. It keeps its ``.open`` name and is recovered at the next start.
        """
        try:
            self.sync()
            if self.broken:
                return
            if self.size == 0:
                self.path.unlink()
            else:
                self.path.rename(done_path(self.path))
            sync_directory(self.path.parent)
        finally:
            os.close(self._descriptor)


def done_path(path: Path) -> Path:
    """``x.jsonl.open`` to ``x.jsonl``."""
    return path.with_name(path.name.removesuffix(OPEN_SUFFIX) + DONE_SUFFIX)
