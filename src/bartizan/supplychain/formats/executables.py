"""Programs among numbers: headers of ELF, PE and Mach-O that hold together, so that chance does not make them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Final

from bartizan.supplychain.source import ByteSource

_ELF: Final = (b"\x7fELF\x02\x01\x01", b"\x7fELF\x01\x01\x01")
"""64 and 32 bits, little endian: what is built today."""
_ANY_ELF: Final = re.compile(rb"\x7fELF[\x01\x02]\x01\x01")
_ANY_STUB: Final = re.compile(rb"This program cannot be run in DOS mode")
_BEFORE: Final = 0x4E
"""Bytes between the begin of a PE file and the stub's text, as linkers place it."""
_MACH: Final = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
_SCRIPT: Final = re.compile(rb"#!\s?/(?:usr/(?:local/)?)?bin/[\w./ -]{2,60}\r?\n")
_MOST: Final = 1_000
_HEADER: Final = 128


def program_at(source: ByteSource, at: int) -> str:
    """The kind of program that begins there; empty for none."""
    head = source.read(at, _HEADER)
    if head.startswith(_ELF) and len(head) >= 64:
        size = int.from_bytes(head[52:54] if head[4] == 2 else head[40:42], "little")
        kind = int.from_bytes(head[16:18], "little")
        whole = size == (64 if head[4] == 2 else 52) and 1 <= kind <= 4 and head[20:24] == b"\1\0\0\0"
        return "ELF" if whole else ""
    if head.startswith(b"MZ") and len(head) >= 64:
        return "PE" if source.read(at + int.from_bytes(head[60:64], "little"), 4) == b"PE\0\0" else ""
    if head.startswith(_MACH) and len(head) >= 32:
        commands = int.from_bytes(head[16:20], "little")
        return "Mach-O" if 1 <= int.from_bytes(head[12:16], "little") <= 12 and 0 < commands < 10_000 else ""
    return "script" if _SCRIPT.match(head) else ""


def programs_in(source: ByteSource) -> Iterator[tuple[int, str]]:
    """Where ELF and PE files stand in it, and which, at most a thousand of each that only look like one."""
    for mark, before in ((_ANY_ELF, 0), (_ANY_STUB, _BEFORE)):
        for at in itertools.islice(source.places(mark), _MOST):
            if kind := program_at(source, at - before):
                yield at - before, kind
                break
