"""Processes that scan: a few, kept while the proxy runs; one that dies or takes too long costs one file."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.artefact import ArtefactReport
from bartizan.supplychain.proxy.scan_child import Job
from bartizan.supplychain.scanning import died

_MODULE: Final = "bartizan.supplychain.proxy.scan_child"
_LONGEST: Final = 64 << 20
"""Bytes of a report."""
_SLACK: Final = 30.0
"""Seconds that a scan may take beyond its own limit, which does not count hashing."""
_HASHED: Final = 100 << 20
"""Bytes that a slow machine hashes in a second."""


class ScanProcesses:
    """Up to ``jobs`` processes, started when there is something to scan."""

    def __init__(self, jobs: int) -> None:
        self._free = asyncio.Semaphore(jobs)
        self._idle: list[Process] = []
        self._all: set[Process] = set()

    async def close(self) -> None:
        """End them."""
        for process in list(self._all):
            await self._end(process)

    async def scan(self, job: Job, size: int) -> ArtefactReport:
        """The report of a file of ``size`` bytes; a process that dies is a finding. Raises nothing."""
        async with self._free:
            for _ in range(2):  # not this file's fault, perhaps: once more, in a new process
                process = self._idle.pop() if self._idle else await self._start()
                try:
                    report = await asyncio.wait_for(_asked(process, job), job.limits.seconds + _SLACK + size / _HASHED)
                except (OSError, EOFError, ValueError, msgspec.DecodeError):
                    await self._end(process)
                except (TimeoutError, asyncio.CancelledError) as stop:
                    await self._end(process)
                    if isinstance(stop, asyncio.CancelledError):
                        raise
                    break
                else:
                    self._idle.append(process)
                    return report
        return died(Path(job.view))

    async def _start(self) -> Process:
        # -P: nothing is imported from the folder in which the proxy was started
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", _MODULE, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_LONGEST
        )
        self._all.add(process)
        return process

    async def _end(self, process: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        self._all.discard(process)


async def _asked(process: Process, job: Job) -> ArtefactReport:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(job) + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return msgspec.json.decode(line, type=ArtefactReport)
