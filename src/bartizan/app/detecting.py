"""The detection process: runs the rules over the journal of all writers, and records what they find.

It reads beside the writers and never holds one up. Findings are on disk before a checkpoint says that the records
behind them were judged; what was found after the last checkpoint is known again by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections import deque
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec
import uvloop

from bartizan.app.checkpoints import Checkpoint, already_raised, read_checkpoint, write_checkpoint
from bartizan.app.children import supervised
from bartizan.app.detection_meters import DetectionMeters
from bartizan.app.events import locked
from bartizan.app.heap import settle_heap
from bartizan.app.places import journal_of, keeper_of
from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError, JournalError, KeeperError
from bartizan.core.event import RulesChanged
from bartizan.core.ids import new_id
from bartizan.detections.live import LiveRules, Raised
from bartizan.detections.rulebook import rules_in_force
from bartizan.detections.times import to_microseconds
from bartizan.keeper.interface import Keeper
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.logs import configure_logging
from bartizan.telemetry.merging import Merged
from bartizan.telemetry.metrics import Registry
from bartizan.workspace.deployment import Detections
from bartizan.workspace.snapshot import Snapshot
from bartizan.workspace.workspace import Workspace

NAME: Final = "detections"
POLL_SECONDS: Final = 0.1
RETRY_SECONDS: Final = 1.0
STEP: Final = 500
"""Records between two looks at the rules and the clock."""
NICE: Final = 5
_log = logging.getLogger("bartizan.detections")


def run_detections(root: Path, control: int) -> None:
    """Judge the journal until the supervisor says otherwise or is gone.

    Args:
        root: the workspace.
        control: file descriptor of the line to the supervisor.

    Raises:
        ConfigurationError: another process does it already.
        JournalError: the journal cannot be used.
    """
    configure_logging(NAME)
    os.nice(NICE)  # where processors are short, requests come first
    uvloop.run(_run(Workspace(root), socket.socket(fileno=control)))


async def _run(workspace: Workspace, control: socket.socket) -> None:
    registry = Registry()
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the supervisor says when
    async with supervised(control, registry.snapshot) as ready:
        with locked(workspace.state / "detections.lock", "running detection rules"):
            keeper = keeper_of(workspace)
            work = Detecting(workspace, DetectionMeters(registry))
            await ready()
            tasks = [asyncio.create_task(work.follow(keeper)), asyncio.create_task(work.run())]
            stop = asyncio.create_task(ending.wait())
            try:
                done, _ = await asyncio.wait((*tasks, stop), return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stop}:
                    task.result()
            finally:
                for task in (*tasks, stop):
                    task.cancel()
                await asyncio.gather(*tasks, stop, return_exceptions=True)
                await work.close()
                await keeper.close()


class Detecting:
    """Judges the journal of one workspace.

    Raises:
        JournalError: the journal cannot be used.
    """

    def __init__(self, workspace: Workspace, meters: DetectionMeters) -> None:
        self._settings: Detections = workspace.deployment.detections
        self._directory = journal_of(workspace)
        self._folder = workspace.state / NAME
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._meters = meters
        # A checkpoint must not outlive the findings before it.
        settings = msgspec.structs.replace(workspace.deployment.journal, durability="fsync", on_full="refuse")
        self._journal = Journal(self._directory, NAME, settings)
        saved = read_checkpoint(self._folder)
        self._saved = saved
        self._known = already_raised(self._directory, NAME, saved.cursor)
        self._merged = Merged(self._directory, saved.cursor)
        self._rules: LiveRules | None = None
        self._next: LiveRules | None = None
        self._waiting: deque[Raised] = deque()
        self._digest = saved.digest
        self._due = monotonic() + self._settings.checkpoint_seconds
        self._moved = False

    async def follow(self, keeper: Keeper) -> None:
        """Put the rules of each snapshot in force that the supervisor publishes; sound ones only."""
        version = 0
        while True:
            try:
                published = await keeper.wait_snapshot(version)
            except KeeperError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            version = published.version
            await asyncio.to_thread(self.put, published.payload)

    def put(self, payload: bytes) -> None:
        """Put the rules of an encoded snapshot in force with the next step; if they are not sound, keep the last."""
        try:
            rules = live_rules(Snapshot.decode(payload), self._settings)
        except BartizanError as error:
            _log.error("rules not put in force: %s", error)
            problem = str(error)[:1_000]
            self._tell(
                RulesChanged(id=new_id("evt"), at=utc_now(), digest="", count=0, accepted=False, problem=problem)
            )
            return
        current = self._next or self._rules
        if current is None or current.digest != rules.digest:
            self._next = rules

    def _tell(self, event: RulesChanged) -> None:
        with contextlib.suppress(JournalError):
            self._journal.append(event)

    async def run(self) -> None:
        """Judge what is there and what comes, until cancelled."""
        while True:
            try:
                idle = await asyncio.to_thread(self._step)
                if self._moved and monotonic() >= self._due:
                    await self._save()
                self._journal.rotate_if_due()
            except BartizanError as error:
                _log.error("%s", error)
                idle = True
                await asyncio.sleep(RETRY_SECONDS)
            if idle:
                await asyncio.sleep(POLL_SECONDS)

    def _step(self) -> bool:
        """Judge a few records; True when there was nothing more. Raises JournalError."""
        self._record()
        self._put_in_force()
        rules = self._rules
        if rules is None:
            return True
        now = _now()
        records, complete = self._merged.read(STEP)
        for record in records:
            self._waiting += rules.judge(record.event, record.time, now)
        self._moved |= bool(records)
        if complete:
            self._waiting += rules.quiet(now)
        self._record()
        newest = records[-1].time if records else 0
        self._meters.judged(len(records), 0.0 if complete or not newest else max(0, now - newest) / 1e6)
        self._meters.state(rules.count, rules.muted, self._merged.unread, rules.totals())
        return complete

    def _record(self) -> None:
        """Append what was found. What cannot be kept waits, and no more is read until it can. Raises JournalError."""
        while self._waiting:
            raised = self._waiting[0]
            if raised.id in self._known:
                self._known.discard(raised.id)
            else:
                self._journal.append(raised)
                self._meters.raised(raised)
            self._waiting.popleft()

    def _put_in_force(self) -> None:
        rules, self._next = self._next, None
        if rules is None:
            return
        if self._rules is not None:
            rules.load(self._rules.save())
        elif self._saved.state is not None:
            rules.load(self._saved.state)
        self._rules = rules
        if rules.digest != self._digest:
            self._tell(
                RulesChanged(id=new_id("evt"), at=utc_now(), digest=rules.digest, count=rules.count, accepted=True)
            )
            self._digest = rules.digest
            self._moved = True
        settle_heap()
        _log.info("%s rules in force", rules.count)

    async def _save(self) -> None:
        if self._rules is None:
            return
        await self._journal.commit()
        start = monotonic()
        checkpoint = Checkpoint(self._merged.cursor(), self._digest, self._rules.save())
        await asyncio.to_thread(write_checkpoint, self._folder, checkpoint)
        end = monotonic()
        self._moved = False
        # A large state is saved less often, so that saving never becomes the work.
        self._due = end + max(self._settings.checkpoint_seconds, 20 * (end - start))

    async def close(self) -> None:
        """Save where the judging stands, and let go of the journal."""
        with contextlib.suppress(BartizanError):
            if self._moved and not self._waiting:
                await self._save()
        self._merged.close()
        with contextlib.suppress(JournalError):
            self._journal.close()


def live_rules(snapshot: Snapshot, settings: Detections) -> LiveRules:
    """The rules of a snapshot, ready to run. Raises DocumentError or ConfigurationError."""
    collection = rules_in_force(snapshot.files, shipped=settings.shipped, silent=settings.silent)
    return LiveRules(
        collection,
        lateness=settings.lateness_seconds,
        suppress=settings.suppress_seconds,
        per_minute=settings.findings_per_minute,
    )


def _now() -> int:
    return to_microseconds(utc_now())
