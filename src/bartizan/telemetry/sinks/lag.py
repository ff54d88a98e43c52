"""How many records a sink has still to send: lines that were written, less those that were delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bartizan.core.errors import JournalError
from bartizan.telemetry.following import final_name
from bartizan.telemetry.reader import open_segment, segments
from bartizan.telemetry.tailing import Cursor

_BLOCK: Final = 4_000_000


class Lag:
    """Counts each byte of the journal once. Blocks on files: call :meth:`measure` in a thread.

    Args:
        directory: the journal's.
        cursor: where the sink stands at the start.
    """

    def __init__(self, directory: Path, cursor: Cursor) -> None:
        self._directory = directory
        self._ends = dict(cursor.offsets)
        self._written = 0
        self._delivered = 0

    @property
    def records(self) -> int:
        """Records behind, as last measured."""
        return max(0, self._written - self._delivered)

    def delivered(self, count: int) -> None:
        """So many more are done with."""
        self._delivered += count

    def measure(self) -> int:
        """Look for lines that have been written since, and give the records behind. Raises JournalError."""
        present = set()
        for path in segments(self._directory):
            name = final_name(path)
            present.add(name)
            end = self._ends.get(name, 0)
            if end < 0:
                continue
            try:
                with open_segment(path) as file:
                    file.seek(end)
                    while block := file.read(_BLOCK):
                        self._written += block.count(b"\n")
                        end += len(block)
            except OSError as error:
                raise JournalError(f"cannot read {path}: {error.strerror}") from error
            self._ends[name] = end
        for name in [name for name in self._ends if name not in present]:
            del self._ends[name]
        return self.records
