"""What a sink keeps on disk: how far it has come, how it goes, and the records that its receiver rejected."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.errors import JournalError
from bartizan.telemetry.durable import sync_directory, sync_file
from bartizan.telemetry.saved import read_saved, write_saved
from bartizan.telemetry.tailing import Cursor

STATE: Final = "state.json"
DEAD: Final = "dead"
_log = logging.getLogger("bartizan.sinks")


class State(msgspec.Struct):
    """One file, replaced as a whole, so that place and numbers belong together."""

    cursor: Cursor = msgspec.field(default_factory=Cursor)
    complete_until: datetime | None = None
    """Everything that was written before this has been delivered, or rejected."""
    delivered: int = 0
    rejected: int = 0
    last_delivery: datetime | None = None
    error: str = ""
    """Why the last try failed; empty after a success. Never holds what was sent."""
    failing_since: datetime | None = None


def read_state(folder: Path) -> State | None:
    """The saved state; None if there is none. One that cannot be read is set aside. Raises JournalError."""
    decode = msgspec.json.Decoder(State).decode
    return read_saved(folder / STATE, decode, "the sink starts anew, records may be sent twice")


def write_state(folder: Path, state: State) -> None:
    """Replace the saved state; it outlives the loss of power. Raises JournalError."""
    write_saved(folder / STATE, msgspec.json.encode(state))


def bury(folder: Path, records: Sequence[tuple[bytes, str]]) -> None:
    """Append records, and why each was rejected, to today's dead letter file. Raises JournalError."""
    now = utc_now()
    path = folder / DEAD / f"{now:%Y-%m-%d}.jsonl"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for line, reason in records:
                text = line.rstrip(b"\n").decode("utf-8", "replace")
                file.write(msgspec.json.encode({"at": rfc3339(now), "reason": reason[:500], "record": text}) + b"\n")
            file.flush()
            sync_file(file.fileno())
        sync_directory(path.parent)
    except OSError as error:
        raise JournalError(f"cannot write {path}: {error.strerror}") from error


def buried(folder: Path) -> int:
    """Records in the dead letter files. Raises JournalError."""
    count = 0
    for path in sorted((folder / DEAD).glob("*.jsonl")):
        try:
            with path.open("rb") as file:
                count += sum(1 for _ in file)
        except OSError as error:
            raise JournalError(f"cannot read {path}: {error.strerror}") from error
    return count
