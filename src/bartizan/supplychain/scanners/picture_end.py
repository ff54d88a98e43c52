"""What stands behind the end of a picture: viewers ignore it, and a line of code beside it reads it.

PNG (ISO/IEC 15948) ends with ``IEND``, JPEG (ITU-T T.81) with ``EOI``, RIFF says how long it is. Cameras append further
pictures to a JPEG and blocks of their own, so bytes behind one are looked at and not held for being there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    Rule,
    Severity,
    scanner,
)

TRAILING = Rule(
    id="picture.trailing_data",
    title="Data behind the end of a picture",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=("CWE-506", *CODE_EXECUTION[1:]),
)
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PROTO: Final = re.compile(rb"\x80[\x02-\x05]")
_LOOKED: Final = 1 << 20
"""Bytes behind the end in which the begin of a pickle is looked for."""
_MOST: Final = 16
_CHUNKS: Final = 100_000
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})


@scanner
class PictureEnd:
    """See the module."""

    id = "picture"
    rules = (TRAILING,)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The magic numbers."""
        return source.starts_with(_PNG) or source.starts_with(b"\xff\xd8\xff") or source.starts_with(b"RIFF")

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Whatever follows, as what it is and as a pickle wherever one may begin."""
        jpeg = source.starts_with(b"\xff\xd8")
        end = _jpeg(source, context) if jpeg else _png(source, context) if source.starts_with(_PNG) else _riff(source)
        rest = source.sub(end, name="trailing")
        if end >= source.size or not _anything(rest):
            return
        if not jpeg:
            shown = rest.read(0, 16).hex()
            yield context.found(TRAILING, "Viewers ignore it; code beside it can load it.", offset=end, evidence=shown)
        yield from context.nested(rest, f"trailing@{end}", opaque=True)
        yield from _pickles(rest, end, context)


def _pickles(rest: ByteSource, end: int, context: Context) -> Iterator[ArtefactFinding]:
    for number, found in enumerate(_PROTO.finditer(rest.read(0, _LOOKED))):
        if number >= _MOST:
            return
        at = found.start()
        for one in context.nested(rest.sub(at, name="trailing.pkl"), f"trailing@{end + at}", opaque=True) if at else ():
            if one.rule == "pickle.dangerous_global":  # numbers that look like a pickle name nothing that exists
                yield one


def _anything(rest: ByteSource) -> bool:
    """Whether there is more than padding."""
    return any(rest.read(at, 1 << 20).strip(b"\0\n\r \xff") for at in range(0, rest.size, 1 << 20))


def _png(source: ByteSource, context: Context) -> int:
    """Behind the CRC of IEND; the end of the file for a picture that has none."""
    at = len(_PNG)
    for _ in range(_CHUNKS):
        context.budget.step(1)
        head = source.read(at, 8)
        if len(head) < 8:
            return source.size
        at += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return at
    return source.size


def _riff(source: ByteSource) -> int:
    """Behind the length that the header says, padded to an even number."""
    size = int.from_bytes(source.read(4, 4), "little")
    return 8 + size + (size & 1)


def _jpeg(source: ByteSource, context: Context) -> int:
    """Behind EOI; within a scan 0xFF is followed by 0 or a restart marker, so that any other ends it."""
    at = 2
    for _ in range(_CHUNKS):
        context.budget.step(1)
        marker = source.read(at, 2)
        if len(marker) < 2 or marker[0] != 0xFF:
            return source.size
        if marker[1] == 0xD9:
            return at + 2
        if marker[1] == 0xFF:
            at += 1
        elif marker[1] in _STANDALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(source.read(at + 2, 2), "big")
            if marker[1] == 0xDA:
                at = _scan_end(source, at, context)
    return source.size


def _scan_end(source: ByteSource, at: int, context: Context) -> int:
    while True:
        context.budget.step(1)
        at = source.find(b"\xff", at)
        if at < 0:
            return source.size
        follows = source.read(at + 1, 1)
        if not follows or (follows[0] and follows[0] not in _STANDALONE and follows[0] != 0xFF):
            return at
        at += 1 if follows == b"\xff" else 2
