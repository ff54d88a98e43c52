"""Bytes of an artefact: in memory or mapped, read within bounds, cut into nested sources without copying."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator


class ByteSource:
    """A read-only run of bytes. No read goes past its end and none raises for a short source."""

    __slots__ = ("_buffer", "name", "size", "start")

    def __init__(self, buffer: bytes | mmap.mmap | memoryview, name: str, start: int = 0, size: int = -1) -> None:
        self._buffer = buffer
        self.name = name
        """Last component of the file's or member's name: some loaders go by it. Never decides what is scanned."""
        self.start = min(start, len(buffer))
        """Where this source begins in its buffer."""
        self.size = len(buffer) - self.start if size < 0 else max(0, min(size, len(buffer) - self.start))
        """Bytes."""

    def read(self, offset: int, length: int) -> bytes:
        """A copy of up to ``length`` bytes at ``offset``; fewer at the end, none past it or for a negative number."""
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        begin = self.start + offset
        return bytes(self._buffer[begin : begin + min(length, self.size - offset)])

    def release(self, offset: int, length: int) -> None:
        """Give back pages of a mapped file that are not needed for now; reading them again is safe."""
        if not isinstance(self._buffer, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED"):
            return
        begin = -(-(self.start + offset) // mmap.PAGESIZE) * mmap.PAGESIZE
        end = (self.start + min(offset + length, self.size)) // mmap.PAGESIZE * mmap.PAGESIZE
        if end > begin:
            self._buffer.madvise(mmap.MADV_DONTNEED, begin, end - begin)

    def sub(self, offset: int, length: int = -1, name: str = "") -> ByteSource:
        """The source of ``length`` bytes at ``offset`` (to the end for -1), cut to what is there; nothing is copied."""
        offset = max(0, min(offset, self.size))
        rest = self.size - offset
        return ByteSource(
            self._buffer, name or self.name, self.start + offset, rest if length < 0 else min(length, rest)
        )

    def find(self, what: bytes, start: int = 0, end: int = -1) -> int:
        """Offset of the first ``what`` that lies between ``start`` and ``end``, or -1. Reads up to all of that."""
        stop = self.size if end < 0 else min(end, self.size)
        return self._found("find", what, start, stop)

    def rfind(self, what: bytes, start: int = 0, end: int = -1) -> int:
        """Offset of the last ``what`` that lies between ``start`` and ``end``, or -1."""
        stop = self.size if end < 0 else min(end, self.size)
        return self._found("rfind", what, start, stop)

    def places(self, pattern: re.Pattern[bytes]) -> Iterator[int]:
        """Where ``pattern`` is found, one after the other; nothing is copied."""
        view = memoryview(self._buffer)[self.start : self.start + self.size]
        for found in pattern.finditer(view):
            yield found.start()

    def starts_with(self, what: bytes, offset: int = 0) -> bool:
        """Whether ``what`` stands at ``offset``."""
        return self.read(offset, len(what)) == what

    def _found(self, way: str, what: bytes, start: int, stop: int) -> int:
        start = max(0, start)
        if stop <= start:
            return -1
        buffer = self._buffer
        if isinstance(buffer, memoryview):
            at = getattr(bytes(buffer[self.start + start : self.start + stop]), way)(what)
            return -1 if at < 0 else at + start
        at = getattr(buffer, way)(what, self.start + start, self.start + stop)
        return -1 if at < 0 else int(at) - self.start

    def __len__(self) -> int:
        return self.size
