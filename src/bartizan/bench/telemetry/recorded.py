"""A gateway in one process, with its journal or without: ``python -m bartizan.bench.telemetry.recorded ROOT PORT HOW``.

``HOW`` is ``kept`` or ``dropped``. No setting of the product turns the journal off; only here, to see what it costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import sys
import time
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from bartizan.app.gateways import build_gateway
from bartizan.app.heap import settle_heap
from bartizan.app.places import journal_of
from bartizan.core.event import Event
from bartizan.firewall.http_protocol import server_settings
from bartizan.telemetry.journal import Journal
from bartizan.workspace.workspace import Workspace

KEPT: Final = "kept"
DROPPED: Final = "dropped"
METER: Final = "journal-nanoseconds"
"""File in the workspace of ``kept``."""


class Counted:
    """A journal that says what CPU its callers spend in it, in the place and with the caches of real requests.

    Args:
        journal: that keeps the records.
        meter: file of eight bytes: nanoseconds so far, little-endian; shared memory, so that reading it is free.
    """

    def __init__(self, journal: Journal, meter: Path) -> None:
        self._journal = journal
        meter.write_bytes(bytes(8))
        with meter.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 8)
        self._spent = 0
        self._clock = _clock()

    def append(self, event: Event) -> None:
        """See ``Recorder.append``."""
        start = time.thread_time_ns()
        self._journal.append(event)
        self._spent += time.thread_time_ns() - start - self._clock
        self._shared[:] = self._spent.to_bytes(8, "little")

    async def commit(self) -> None:
        """See ``Recorder.commit``; the benchmark's journal has ``durability: write``, so it returns at once."""
        start = time.thread_time_ns()
        await self._journal.commit()
        self._spent += time.thread_time_ns() - start - self._clock

    def close(self) -> None:
        """Complete the journal."""
        self._journal.close()


def _clock() -> int:
    """Nanoseconds that two looks at the thread's clock, one right after the other, lie apart: a system call each."""
    apart = []
    for _ in range(1_001):
        start = time.thread_time_ns()
        apart.append(time.thread_time_ns() - start)
    return sorted(apart)[500]


class Nowhere:
    """A recorder that keeps nothing."""

    def append(self, event: Event) -> None:
        """Forget it."""

    async def commit(self) -> None:
        """Nothing is to be made durable."""

    def close(self) -> None:
        """Nothing is open."""


async def serve(root: Path, port: int, how: str) -> None:
    """Until it is terminated."""
    workspace = Workspace(root)
    recorder: Counted | Nowhere = Nowhere()
    if how == KEPT:
        recorder = Counted(Journal(journal_of(workspace), "gateway", workspace.deployment.journal), root / METER)
    gateway = build_gateway(workspace, recorder=recorder)
    settle_heap()
    config = uvicorn.Config(gateway, host="127.0.0.1", port=port, **server_settings())
    try:
        await uvicorn.Server(config).serve()
    finally:
        await gateway.close()
        recorder.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        uvloop.run(serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
