"""The hash chain over one writer's records: each line carries its place, the hash before it and its own.

A line of the journal is ``BODY,"chain":{"id":ID,"seq":N,"prev":HASH,"hash":HASH}}``; its hash is the SHA-256 of
all bytes of the line before ``","hash":``. What follows has one form only, so that no byte of a line can change unseen.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, NamedTuple

GENESIS: Final = b"0" * 64
"""``prev`` of a chain whose writer has no earlier one."""
LINK_BYTES: Final = 320
"""More than a link ever adds to a record."""
_SEALED: Final = len(b'","hash":"') + 64 + len(b'"}}\n')
"""Bytes of a line that its hash does not cover."""
_LINK: Final = re.compile(
    rb',"chain":\{"id":"([0-9a-f]{32})","seq":(0|[1-9][0-9]{0,18}),"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}\}\n\Z'
)


class Link(NamedTuple):
    """What a line says about its place, and whether its content agrees."""

    chain: str
    """Id of the chain: 32 hexadecimal digits, one per writer and life of its process."""
    seq: int
    """Counts from 0 over all segments of the chain."""
    prev: bytes
    hash: bytes
    """Hexadecimal SHA-256, as the line states it."""
    sound: bool
    """The stated hash is that of the line."""


class Chain:
    """The writing end. Not thread-safe.

    Args:
        identifier: 32 hexadecimal digits.
        after: hash of the last record of the same writer's chain before this one, if there is one.
    """

    __slots__ = ("_next", "_start", "head", "seq")

    def __init__(self, identifier: str, after: bytes = GENESIS) -> None:
        self._start = b',"chain":{"id":"%s","seq":' % identifier.encode("ascii")
        self.seq = 0
        """Of the next record."""
        self.head = after
        """Hash of the last record."""
        self._next = after

    def line(self, body: bytes) -> bytes:
        """The line of a record, whose ``body`` is a JSON object. Nothing is final until :meth:`written`."""
        covered = b"".join((body[:-1], self._start, b"%d" % self.seq, b',"prev":"', self.head))
        self._next = sha256(covered).hexdigest().encode("ascii")
        return b"".join((covered, b'","hash":"', self._next, b'"}}\n'))

    def written(self) -> None:
        """The last line is in the file."""
        self.head = self._next
        self.seq += 1


def read_link(line: bytes) -> Link | None:
    """The link of a whole line, or None if it carries none in the one form there is."""
    match = _LINK.search(line, max(0, len(line) - LINK_BYTES))
    if match is None:
        return None
    stated = match[4]
    return Link(
        match[1].decode("ascii"),
        int(match[2]),
        match[3],
        stated,
        sha256(line[:-_SEALED]).hexdigest().encode("ascii") == stated,
    )
