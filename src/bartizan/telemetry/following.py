"""Walking along one segment's chain, from where the walk last stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from bartizan.core.errors import JournalError
from bartizan.telemetry.chain import Link, read_link
from bartizan.telemetry.reader import MAX_RECORD_BYTES, open_segment, segments

SEAL_START: Final = b'{"kind":"journal.sealed"'
"""How the line of a seal begins; no other line does."""
LINKED: Final = b'"chain":{"id":"'
"""Stands in every line that has, or had, a link."""


class Line(NamedTuple):
    """One line of a segment."""

    number: int
    """Counts from 1."""
    content: bytes
    link: Link | None
    whole: bool
    """It ends in a newline and is no longer than a record can be."""


def lines(file: BinaryIO, number: int = 0) -> Iterator[Line]:
    """The lines from the file's position on; ``number`` of them came before. Raises OSError."""
    while content := file.readline(MAX_RECORD_BYTES + 1):
        number += 1
        whole = _whole(content)
        yield Line(number, content, read_link(content) if whole else None, whole)


def _whole(content: bytes) -> bool:
    return content.endswith(b"\n") and len(content) <= MAX_RECORD_BYTES


def whole_lines(directory: Path, wanted: Callable[[bytes], bool], writer: str = "") -> Iterator[tuple[Path, Line]]:
    """The whole lines of a journal that pass a cheap look, with their segments, oldest first.

    Nothing is hashed: the lines have no link, whatever they say.

    Args:
        directory: the journal's.
        wanted: looks at the line's bytes.
        writer: whose segments are read; all of them without it.

    Raises:
        JournalError: the journal cannot be read.
    """
    for path in segments(directory):
        if writer and not path.name.startswith(writer + "-"):
            continue
        try:
            with open_segment(path) as file:
                number = 0
                while content := file.readline(MAX_RECORD_BYTES + 1):
                    number += 1
                    if wanted(content) and _whole(content):
                        yield path, Line(number, content, None, True)
        except OSError as error:
            raise JournalError(f"cannot read {path}: {error.strerror}") from error


class Problem(NamedTuple):
    """Where a chain is not whole."""

    what: str
    """altered, missing, reordered, truncated, torn, unlinked, foreign or unreadable."""
    segment: str
    line: int
    """Counts from 1; 0 for the segment as a whole."""
    detail: str

    def __str__(self) -> str:
        return f"{self.segment}:{self.line}: {self.what}: {self.detail}"


class Follower:
    """Judges the lines of one chain in their order.

    Args:
        chain: its id; empty takes that of the first line.
        seq: of the next record; -1 takes what the first line says.
        head: hash of the record before it; empty takes what the first line says.
    """

    def __init__(self, chain: str = "", seq: int = -1, head: bytes = b"") -> None:
        self.chain = chain
        self.seq = seq
        self.head = head

    def judge(self, segment: str, line: Line) -> Problem | None:
        """The problem with the next line, or None. The walk goes on from what the line itself states."""
        link = line.link
        if link is None:
            return _unlinked(segment, line)
        if not self.chain:
            self.chain = link.chain
        if link.chain != self.chain:
            return Problem("foreign", segment, line.number, f"record {link.seq} of another chain, {link.chain}")
        expected, head = self.seq, self.head
        self.seq, self.head = link.seq + 1, link.hash
        if not link.sound:
            return Problem("altered", segment, line.number, f"record {link.seq} does not have the hash that it states")
        if expected < 0:
            return None
        if link.seq > expected:
            count = link.seq - expected
            return Problem(
                "missing", segment, line.number, f"{count} records before record {link.seq}, from {expected} on"
            )
        if link.seq < expected:
            return Problem("reordered", segment, line.number, f"record {link.seq} where {expected} belongs")
        if head and link.prev != head:
            return Problem("altered", segment, line.number, f"record {link.seq} does not follow the one before it")
        return None


def _unlinked(segment: str, line: Line) -> Problem:
    if not line.whole:
        return Problem("torn", segment, line.number, "the line does not end")
    return Problem("unlinked", segment, line.number, "a record without a link, or with a broken one")


def final_name(path: Path) -> str:
    """The name that the segment has, or will have, when complete."""
    return path.name.removesuffix(".open")
