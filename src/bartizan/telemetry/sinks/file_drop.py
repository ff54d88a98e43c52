"""A folder in which finished files appear, for whoever collects them: one record a line, each file whole at once."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final

from bartizan.core.ids import new_id
from bartizan.telemetry.durable import sync_directory, sync_file
from bartizan.telemetry.sinks.interface import Item, Outcome, SinkError
from bartizan.workspace.sinks import FileSink

PART: Final = ".part"
"""Ends the name of the one file that is being written; it also begins with a dot."""
_BLOCK: Final = 1_000_000


class FileDrop:
    """Writes to one folder. What a batch wrote is on stable storage before it counts as delivered.

    Args:
        settings: when a file is finished.
        directory: the folder; made if need be.
    """

    def __init__(self, settings: FileSink, directory: Path) -> None:
        self._settings = settings
        self._directory = directory
        self._ending = ".log" if settings.format in ("cef", "leef") else ".jsonl"
        self._file: io.FileIO | None = None
        self._path = Path()
        self._size = 0
        self._opened = 0.0
        self._recovered = False
        # Its own: a disk that hangs must not use up those of others; and one, so that tries do not overlap.
        self._thread = ThreadPoolExecutor(1)

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        await self._off(b"".join(text + b"\n" for item in items for text in item.texts))
        return Outcome()

    async def idle(self) -> None:
        """See ``Sink.idle``: finishes a file that is old enough."""
        await self._off(b"")

    async def close(self) -> None:
        """See ``Sink.close``: the file is finished by the next start."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
        self._recovered = False

    async def _off(self, content: bytes) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, content)

    def _guarded(self, content: bytes) -> None:
        try:
            self._write(content)
        except OSError as error:
            if self._file is not None:
                self._file.close()
                self._file = None
            self._recovered = False  # what was half written is cut off before the next try
            raise SinkError(f"cannot write to {self._directory}: {error.strerror}") from None

    def _write(self, content: bytes) -> None:
        if not self._recovered:
            self._recover()
        if content:
            if self._file is None:
                self._open()
            assert self._file is not None
            left = memoryview(content)
            while left:
                left = left[self._file.write(left) :]
            sync_file(self._file.fileno())
            self._size += len(content)
        old = time.monotonic() - self._opened >= self._settings.rotate_seconds
        if self._file is not None and (self._size >= self._settings.rotate_bytes or old):
            self._file.close()
            self._file = None
            self._finish(self._path)

    def _open(self) -> None:
        self._path = self._directory / f".{self._settings.name}-{new_id('file')}{self._ending}{PART}"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = io.FileIO(descriptor, "wb")
        sync_directory(self._directory)
        self._size, self._opened = 0, time.monotonic()

    def _finish(self, path: Path) -> None:
        path.rename(path.with_name(path.name[1:].removesuffix(PART)))
        sync_directory(self._directory)

    def _recover(self) -> None:
        """Finish what an earlier life left: cut after the last whole line, and rename."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._directory.iterdir():
            if not (path.name.startswith(f".{self._settings.name}-file_") and path.name.endswith(PART)):
                continue
            with path.open("r+b") as file:
                end = _whole(file)
                file.truncate(end)
                sync_file(file.fileno())
            if end:
                self._finish(path)
            else:
                path.unlink()
        self._recovered = True


def _whole(file: BinaryIO) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
