"""One child process that is started again whenever it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from time import monotonic

from bartizan.firewall.control import Control, Drain, Ready, Status
from bartizan.telemetry.exposition import merge
from bartizan.telemetry.metrics import Kind, Snapshot

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
STEADY_SECONDS = 10.0
"""A child that lived this long is started again without delay."""
STALE_SECONDS = 5.0
"""Without a status for this long, a worker does not count as ready."""

_log = logging.getLogger("bartizan.supervisor")
Report = Callable[[str, str, str], None]
"""Told (process, state, detail) when a child starts, stops or is lost."""


class Child:
    """A worker process with its control line.

    Args:
        name: in logs and events.
        command: called with the file descriptor of the control line; gives the program and its arguments.
        inherited: further file descriptors that the child gets.
        report: told about starts and ends.
    """

    def __init__(
        self, name: str, command: Callable[[int], Sequence[str]], inherited: Sequence[int], report: Report
    ) -> None:
        self.name = name
        self.pid = 0
        self.restarts = 0
        self.status: Status | None = None
        self.past: Snapshot = ()
        """Counters of its former lives, so that totals do not fall when it dies."""
        self._command = command
        self._inherited = tuple(inherited)
        self._report = report
        self._control: Control | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._heard = 0.0
        self._stopping = asyncio.Event()
        self.ready = asyncio.Event()

    @property
    def metrics(self) -> Snapshot:
        """Its counters, with those of its former lives."""
        return merge([self.past, self.status.metrics if self.status is not None else ()])

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it is not serving; empty if it is."""
        if self.status is None:
            return ("starting",)
        if monotonic() - self._heard > STALE_SECONDS:
            return ("not responding",)
        return self.status.problems

    async def keep(self) -> None:
        """Run the child, again and again, until ``stop``."""
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                self._report(self.name, "stopped", f"exit status {code}")
                return
            self._report(self.name, "lost", f"exit status {code}")
            _log.warning("%s died", self.name, extra={"status": code})
            pause = FIRST_PAUSE if monotonic() - began > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE)
            self.restarts += 1
            await asyncio.sleep(pause)

    def drain(self) -> None:
        """Ask it to finish and leave."""
        self._stopping.set()
        if self._control is not None:
            self._control.send(Drain())

    async def stop(self, seconds: float) -> None:
        """Wait for it to leave; after ``seconds`` it is killed."""
        self.drain()
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            async with asyncio.timeout(seconds):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _run_once(self) -> int:
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(theirs.fileno()), pass_fds=(theirs.fileno(), *self._inherited)
            )
        except OSError as error:
            ours.close()
            _log.exception("%s cannot be started", self.name)
            return error.errno or 1
        finally:
            theirs.close()
        self.pid = self._process.pid
        self._report(self.name, "started", f"pid {self.pid}")
        self._control = await Control.over(ours)
        if self._stopping.is_set():
            self._control.send(Drain())
        try:
            while (line := await self._control.receive()) is not None:
                self._heard = monotonic()
                if isinstance(line, Status):
                    self.status = line
                elif isinstance(line, Ready):
                    self.ready.set()
            return await self._process.wait()
        finally:
            self._control.close()
            self._control = None
            self.ready.clear()
            if self.status is not None:
                counted = tuple(family for family in self.status.metrics if family.kind is not Kind.GAUGE)
                self.past = merge([self.past, counted])
            self.status = None
