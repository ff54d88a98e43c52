"""Following a journal from a saved place on: each whole record once per cursor, in each writer's order."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bartizan.core.errors import JournalError
from bartizan.telemetry.following import final_name, lines
from bartizan.telemetry.reader import open_segment, segments
from bartizan.telemetry.segment import DONE_SUFFIX

READ_BYTES: Final = 4_000_000
"""About how much one call reads."""


class Cursor(msgspec.Struct):
    """How far somebody has come; saved as JSON."""

    offsets: dict[str, int] = {}
    """Bytes read, by segment (its final name). -1: the segment is complete and read."""

    def copy(self) -> Cursor:
        """A cursor of its own."""
        return Cursor(dict(self.offsets))


class Tailed(NamedTuple):
    """One line of the journal."""

    segment: str
    number: int
    """Line, counted from 1 within this reading; 0 where earlier lines were not read."""
    content: bytes
    """With its newline."""


class Tailer:
    """Reads on from a cursor. Blocks on files: call it in a thread.

    Args:
        directory: the journal's.
        cursor: where to start; it is advanced by reading.
    """

    def __init__(self, directory: Path, cursor: Cursor) -> None:
        self._directory = directory
        self.cursor = cursor

    def skip_to_end(self) -> None:
        """Pass over everything that is there. Raises JournalError."""
        while self.read():
            pass

    def read(self, limit: int = READ_BYTES) -> list[Tailed]:
        """The next lines, about ``limit`` bytes of them; empty when nothing new is there.

        Raises:
            JournalError: a segment cannot be read.
        """
        found: list[Tailed] = []
        left = limit
        present = set()
        for path in segments(self._directory):
            name = final_name(path)
            present.add(name)
            offset = self.cursor.offsets.get(name, 0)
            if offset < 0 or left <= 0:
                continue
            try:
                left -= self._segment(path, name, offset, left, found)
            except OSError as error:
                raise JournalError(f"cannot read {path}: {error.strerror}") from error
        for name in [name for name in self.cursor.offsets if name not in present]:
            del self.cursor.offsets[name]
        return found

    def _segment(self, path: Path, name: str, offset: int, limit: int, found: list[Tailed]) -> int:
        start = offset
        complete = path.name.endswith(DONE_SUFFIX)
        ended = False
        with open_segment(path) as file:
            file.seek(offset)
            for line in lines(file):
                if not line.whole and not complete:
                    break
                found.append(Tailed(name, line.number if start == 0 else 0, line.content))
                offset += len(line.content)
                if offset - start >= limit:
                    break
            else:
                ended = complete
        if ended:
            self.cursor.offsets[name] = -1
        elif offset:
            self.cursor.offsets[name] = offset
        return offset - start


def behind(directory: Path, cursor: Cursor) -> int:
    """Bytes of the journal that a cursor has not come to. Raises JournalError."""
    total = 0
    for path in segments(directory):
        offset = cursor.offsets.get(final_name(path), 0)
        if offset >= 0:
            try:
                total += max(0, path.stat().st_size - offset)
            except FileNotFoundError:
                continue
    return total
