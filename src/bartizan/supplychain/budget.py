"""What scanning one file may cost. A budget that runs out ends in ``inconclusive``, never in ``allow``."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import msgspec

from bartizan.core.errors import BartizanError


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Ceilings for one file, everything nested in it included."""

    seconds: float = 60.0
    """Wall-clock time."""
    unpacked: int = 4 << 30
    """Bytes that decompression may produce in total."""
    memory: int = 64 << 20
    """Bytes of any one member that are held in memory; larger ones are unpacked to a temporary file."""
    ratio: int = 1_000
    """Unpacked bytes for each packed byte of a member above one mebibyte."""
    members: int = 100_000
    """Members of archives, streams and nested artefacts."""
    depth: int = 12
    """Archives within archives."""
    findings: int = 1_000
    """Findings that are kept; more end the scan."""
    steps: int = 50_000_000
    """Opcodes, records or nodes over all parsers."""


_LARGE = 1_000
_UNITS = {"memory": "bytes of memory", "unpacked": "bytes unpacked"}


class BudgetError(BartizanError):
    """Scanning stopped at a limit; ``limit`` is the name of its field in `Limits`."""

    def __init__(self, limit: str, allowed: float) -> None:
        shown = f"{allowed:,.0f}" if allowed >= _LARGE else f"{allowed:g}"
        what = _UNITS.get(limit, limit)
        super().__init__(f"the scan reached its limit of {shown} {what}", "raise the limit if you trust the source")
        self.limit = limit


class Budget:
    """Counts what is spent; each method raises `BudgetError` when a limit is passed."""

    def __init__(self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._deadline = clock() + self.limits.seconds
        self._unpacked = self._members = self._steps = 0

    def unpack(self, count: int) -> None:
        """Account for ``count`` bytes that decompression produced."""
        self._unpacked += count
        if self._unpacked > self.limits.unpacked:
            raise BudgetError("unpacked", self.limits.unpacked)
        self.check()

    def member(self, depth: int) -> None:
        """Account for one member at ``depth`` (0 is the file itself)."""
        self._members += 1
        if self._members > self.limits.members:
            raise BudgetError("members", self.limits.members)
        if depth > self.limits.depth:
            raise BudgetError("depth", self.limits.depth)
        self.check()

    def step(self, count: int = 1) -> None:
        """Account for ``count`` opcodes, records or nodes; looks at the clock now and then."""
        before = self._steps
        self._steps += count
        if self._steps > self.limits.steps:
            raise BudgetError("steps", self.limits.steps)
        if before >> 12 != self._steps >> 12:
            self.check()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Time within is not this file's: what is done there serves other files as well and has bounds of its own."""
        began = self._clock()
        try:
            yield
        finally:
            self._deadline += self._clock() - began

    def check(self) -> None:
        """Look at the clock."""
        if self._clock() > self._deadline:
            raise BudgetError("seconds", self.limits.seconds)
