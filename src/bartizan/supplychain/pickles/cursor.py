"""Reads a source opcode by opcode, with the frames of protocol 4 as the two unpicklers of CPython see them.

The C unpickler ignores where a frame ends. The Python one, from which joblib's is derived, reads a frame into memory
first, so that whatever is read from the file itself meanwhile (joblib's arrays) lies after the frame.
"""

from __future__ import annotations

from bartizan.supplychain.budget import BudgetError
from bartizan.supplychain.source import ByteSource

_WINDOW = 1 << 16
LONGEST_LINE = 1 << 16
"""Bytes of a line of protocol 0 that are looked at; longer ones are skipped as text."""
_LONGEST_SEARCH = 64 << 20
"""Bytes in which the end of a line is looked for."""


class EndError(Exception):
    """The stream ends, or breaks off, at this offset."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(why)
        self.offset = offset
        self.why = why


class Cursor:
    """A place in a source."""

    __slots__ = ("_end", "_start", "_window", "file", "frame", "framed", "pos", "promised", "source")

    def __init__(self, source: ByteSource, pos: int, *, framed: bool) -> None:
        self.source = source
        self.pos = pos
        self.framed = framed
        """Frames are read ahead, as in CPython's Python unpickler."""
        self.frame = -1
        """End of the frame being read; -1 outside of one."""
        self.promised = -1
        """End of the last frame: a pickle that stops before it ends at different places for the two unpicklers."""
        self.file = pos
        """Where the file stands, while a frame is being read."""
        self._window = b""
        self._start = self._end = 0

    def opcode(self) -> int:
        """The next byte."""
        pos = self.pos
        if pos == self.frame:
            self.leave_frame()
            pos = self.pos
        if not self._start <= pos < self._end:
            self._fill(pos)
        self.pos = pos + 1
        return self._window[pos - self._start]

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes (few)."""
        pos = self._claim(count)
        if self._start <= pos and pos + count <= self._end:
            return self._window[pos - self._start : pos - self._start + count]
        return self.source.read(pos, count)

    def number(self, count: int) -> int:
        """A little-endian unsigned number of ``count`` bytes."""
        return int.from_bytes(self.take(count), "little")

    def skip(self, count: int) -> int:
        """Pass over ``count`` bytes; where they begin."""
        return self._claim(count)

    def line(self) -> bytes | None:
        """Up to the next newline, without it; None for a line that is too long to look at."""
        if self.pos == self.frame:
            self.leave_frame()
        at = self.source.find(b"\n", self.pos, min(self.source.size, self.pos + LONGEST_LINE))
        long = at < 0
        if long:
            at = self.source.find(b"\n", self.pos, self.pos + _LONGEST_SEARCH)
            if at < 0 and self.pos + _LONGEST_SEARCH < self.source.size:
                raise BudgetError("steps", _LONGEST_SEARCH)
        if at < 0:  # both unpicklers take the last line without its last byte
            if self.pos >= self.source.size:
                raise EndError(self.pos, "there is no line")
            at = self.source.size - 1
            long = at - self.pos > LONGEST_LINE
        if self.framed and self.frame >= 0 and at >= self.frame:
            raise EndError(self.pos, "a line leaves its frame")
        start, self.pos = self.pos, at + 1
        return None if long else self.source.read(start, at - start)

    def enter_frame(self, size: int) -> None:
        """FRAME: its content begins here, or where the file stands."""
        if not self.framed:  # one longer than the file stops the C unpickler, not the Python one
            self.promised = self.pos + size
            return
        if self.frame >= 0:
            if self.pos != self.frame:
                raise EndError(self.pos, "a frame begins inside a frame")
            self.pos = self.file
        self.frame = self.promised = min(self.pos + size, self.source.size)
        self.file = self.frame

    def leave_frame(self) -> None:
        """The frame has been read: go on where the file stands."""
        self.pos, self.frame = self.file, -1

    @property
    def place(self) -> int:
        """Where the file stands: what a loader reads that goes past the unpickler."""
        return self.file if self.frame >= 0 else self.pos

    def move(self, pos: int) -> None:
        """Somebody read the file up to ``pos`` past the unpickler."""
        if self.frame >= 0:
            self.file = pos
        else:
            self.pos = pos

    def _claim(self, count: int) -> int:
        if self.pos == self.frame and count:
            self.leave_frame()
        pos = self.pos
        if count < 0 or pos + count > self.source.size:
            raise EndError(pos, "an argument is longer than the file")
        if self.framed and self.frame >= 0 and pos + count > self.frame:
            raise EndError(pos, "an argument leaves its frame")
        self.pos = pos + count
        return pos

    def _fill(self, pos: int) -> None:
        self._window = self.source.read(pos, _WINDOW)
        self._start, self._end = pos, pos + len(self._window)
        if not self._window:
            raise EndError(pos, "there is no STOP")
