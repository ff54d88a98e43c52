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
_LOOKED: Final = 1 << 30
"""Bytes of a file that are looked through; the begin of each tensor is looked at wherever it lies."""


def programs(source: ByteSource, context: Context) -> Iterator[ArtefactFinding]:
    """The first program of each kind in a whole file, not in what is nested in one."""
    if context.depth or program_at(source, 0):
        return
    for at, kind in programs_in(source.sub(0, min(source.size, _LOOKED))):
        yield context.found(EMBEDDED, f"A whole {kind} header stands among the numbers.", offset=at, evidence=kind)
