"""Reading the journal back: every whole line is a record, a torn last line is none, anything else is an error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from bartizan.core.errors import JournalError
from bartizan.core.event import Event
from bartizan.telemetry.chain import GENESIS, Link, read_link
from bartizan.telemetry.segment import DONE_SUFFIX, SEGMENT_NAME, done_path

MAX_RECORD_BYTES: Final = 16_777_216
"""Longest line a writer writes and a reader reads, newline included."""


def read_journal(directory: Path) -> Iterator[Event]:
    """Every event, segment by segment in order of their creation, and by position within each.

    Segments that are being written are read up to their last whole line.

    Raises:
        JournalError: the directory cannot be read, or a line is not a record; says ``file:line``.
    """
    for path in segments(directory):
        yield from read_segment(path)


def segments(directory: Path) -> list[Path]:
    """The journal's segments, oldest first. Raises JournalError."""
    found: dict[tuple[str, str], Path] = {}
    try:
        # A segment completed while the directory is listed may show up under both names or neither: list until stable.
        for _ in range(10):
            names = sorted(entry.name for entry in directory.iterdir())
            before = set(found)
            found = {
                (match[2], match[1]): directory / name for name in names if (match := SEGMENT_NAME.fullmatch(name))
            }
            if before == set(found):
                break
    except OSError as error:
        raise JournalError(f"cannot list the journal {directory}: {error.strerror}") from error
    return [found[key] for key in sorted(found)]


def read_segment(path: Path) -> Iterator[Event]:
    """The events of one segment. Raises JournalError."""
    decoder = msgspec.json.Decoder(Event)
    try:
        with open_segment(path) as file:
            number = 0
            while line := file.readline(MAX_RECORD_BYTES + 1):
                number += 1
                if not line.endswith(b"\n"):
                    _judge_tail(path, number, line)
                    return
                try:
                    yield decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise JournalError(f"{path}:{number}: not a record: {error}", "the file was altered") from error
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror}") from error


def last_hash(directory: Path, writer: str) -> bytes:
    """Hash of the last record in the newest complete segment of ``writer``; GENESIS without one.

    A last line without a sound link gives GENESIS too: verification says what became of it. Raises OSError.
    """
    names = [entry.name for entry in directory.iterdir() if entry.name.endswith(DONE_SUFFIX)]
    own = sorted((match[2], name) for name in names if (match := SEGMENT_NAME.fullmatch(name)) and match[1] == writer)
    link = last_link(directory / own[-1][1]) if own else None
    return link.hash if link is not None else GENESIS


def last_link(path: Path) -> Link | None:
    """The link of a segment's last line, if it has a sound one. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        back = 4_096
        while True:
            start = max(0, size - back)
            file.seek(start)
            tail = file.read(size - start)
            cut = tail.rfind(b"\n", 0, max(0, len(tail) - 1))
            if cut >= 0 or start == 0 or back > MAX_RECORD_BYTES:
                break
            back *= 4
    link = read_link(tail[cut + 1 :])
    return link if link is not None and link.sound else None


def open_segment(path: Path) -> BinaryIO:
    """Open a segment whose writer may be completing it right now. Raises OSError."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        return done_path(path).open("rb")


def _judge_tail(path: Path, number: int, line: bytes) -> None:
    if len(line) > MAX_RECORD_BYTES:
        raise JournalError(f"{path}:{number}: longer than a record can be", "the file was altered")
    # An open segment may end in a line that is still being written, or that was torn when its writer died.
    if path.name.endswith(".open"):
        return
    raise JournalError(f"{path}:{number}: a completed segment ends in a torn line", "the file was altered")
