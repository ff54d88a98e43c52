"""What the detection process keeps on disk: how far it has come, and what its rules know."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.errors import JournalError
from bartizan.detections.live import OURS, LiveState
from bartizan.telemetry.following import final_name, lines
from bartizan.telemetry.reader import open_segment, segments
from bartizan.telemetry.saved import read_saved, write_saved
from bartizan.telemetry.tailing import Cursor

FILE: Final = "checkpoint"


class Checkpoint(msgspec.Struct, frozen=True):
    """One file, replaced as a whole."""

    cursor: Cursor = msgspec.field(default_factory=Cursor)
    digest: str = ""
    """Of the rules that were in force."""
    state: LiveState | None = None


class _Raised(msgspec.Struct):
    id: str
    kind: str


def read_checkpoint(folder: Path) -> Checkpoint:
    """The saved one, else an empty one: then the whole journal is judged. Raises JournalError."""
    decode = msgspec.msgpack.Decoder(Checkpoint).decode
    return read_saved(folder / FILE, decode, "the journal is judged again from its beginning") or Checkpoint()


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the saved one; it outlives the loss of power. Raises JournalError."""
    write_saved(folder / FILE, msgspec.msgpack.encode(checkpoint))


def already_raised(directory: Path, writer: str, cursor: Cursor) -> set[str]:
    """Ids of the findings and alarms that ``writer`` recorded after ``cursor``. Raises JournalError."""
    decoder = msgspec.json.Decoder(_Raised)
    found: set[str] = set()
    for path in segments(directory):
        name = final_name(path)
        offset = cursor.offsets.get(name, 0)
        if not name.startswith(f"{writer}-") or offset < 0:
            continue
        try:
            with open_segment(path) as file:
                file.seek(offset)
                for line in lines(file):
                    try:
                        record = decoder.decode(line.content)
                    except (msgspec.DecodeError, UnicodeDecodeError):
                        continue
                    if record.kind.startswith(OURS):
                        found.add(record.id)
        except OSError as error:
            raise JournalError(f"cannot read {path}: {error.strerror}") from error
    return found
