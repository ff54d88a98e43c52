"""Programs that hide in files of numbers: whoever has a foothold takes them out of the weights and runs them.

No scanner of its own, for such a file is none by this alone: those of archives, arrays and tensors ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bartizan.supplychain.formats.executables import program_at, programs_in
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    Rule,
    Severity,
)

EMBEDDED = Rule(
    id="native.embedded",
    title="Program among numbers",
    admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=("CWE-506", *CODE_EXECUTION[1:]),
)
_LOOKED: Final = 64 << 20
"""Bytes at each end of a file that are looked through; the begin of each tensor is looked at wherever it lies."""


def programs(source: ByteSource, context: Context) -> Iterator[ArtefactFinding]:
    """The first programs at both ends of a whole file, not in what is nested in one."""
    if context.depth or program_at(source, 0):
        return
    begins = (0,) if source.size <= 2 * _LOOKED else (0, source.size - _LOOKED)
    for begin in begins:
        for at, kind in programs_in(source.sub(begin, _LOOKED * 2 // len(begins))):
            place, says = begin + at, f"A whole {kind} header stands among the numbers."
            yield context.found(EMBEDDED, says, offset=place, evidence=kind)
