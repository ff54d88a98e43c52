"""Watches the workspace and publishes what is in force to the workers, through the keeper."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from bartizan.app.loosening import Edit, differences
from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError, KeeperError
from bartizan.core.event import ConfigurationChanged
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.keeper.interface import Keeper
from bartizan.keeper.interface import Snapshot as Published
from bartizan.workspace.reload import Change, Outcome, Watch
from bartizan.workspace.signed import Seal
from bartizan.workspace.snapshot import Snapshot, digest_of
from bartizan.workspace.workspace import Workspace

POLL_SECONDS = 0.5
FIRST_WAIT = 0.05
PATIENCE = 30.0
"""Seconds that the keeper may take to start."""

_log = logging.getLogger("bartizan.supervisor")
Check = Callable[[Snapshot], None]
"""Raises BartizanError for a snapshot that cannot come into force."""


class Attendant(Protocol):
    """Runs what a snapshot needs beside the workers."""

    async def before(self, snapshot: Snapshot) -> None:
        """It is about to come into force, or is in force."""
        ...

    async def after(self, snapshot: Snapshot, version: int) -> None:
        """It has been published as ``version``."""
        ...


class Nobody:
    """Implements ``Attendant`` where nothing is needed."""

    async def before(self, snapshot: Snapshot) -> None:
        """See ``Attendant.before``."""

    async def after(self, snapshot: Snapshot, version: int) -> None:
        """See ``Attendant.after``."""


class Reloader:
    """Publishes the first snapshot, then every sound edit. A keeper that was restarted is told again.

    Args:
        workspace: watched.
        sound: called with each candidate, in a thread.
        keeper: hands snapshots to the workers.
        recorder: journals each change.
        attendant: runs what the snapshot in force needs; what it needs is there before the workers have it.

    Raises:
        BartizanError: the workspace is broken at the start.
    """

    def __init__(
        self,
        workspace: Workspace,
        sound: Check,
        keeper: Keeper,
        recorder: Recorder,
        attendant: Attendant | None = None,
    ) -> None:
        self._keeper = keeper
        self._attendant = attendant or Nobody()
        self._recorder = recorder

        seal = Seal(workspace)

        def check(files: Mapping[str, bytes]) -> None:
            seal.admit(files)
            snapshot = Snapshot(1, digest_of(files), dict(files))
            sound(snapshot)
            seal.keep(snapshot)

        self._watch: Watch[None] = Watch(workspace.root, check, first=seal.choices)
        self._ahead = 0
        self._told = (0, "")
        self._other = ""
        self._recorded: Snapshot | None = None

    async def publish_first(self) -> None:
        """Wait for the keeper, then publish. Raises KeeperError when it does not come up."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while True:
            try:
                await self._publish()
            except KeeperError:
                if loop.time() > end:
                    raise
                await asyncio.sleep(FIRST_WAIT)
            else:
                break
        self._record(Change(Outcome.ACCEPTED, self._watch.snapshot, self._watch.snapshot.digest))

    async def follow(self) -> None:
        """Look for edits until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            change = await asyncio.to_thread(self._watch.poll)
            if change is not None:
                self._record(change)
            try:
                await self._publish()
            except KeeperError as error:
                _log.warning("snapshot not published: %s", error.cause)

    async def _publish(self) -> None:
        """Make sure that the keeper holds the snapshot in force here, unless another supervisor has published a later
        one: with one Valkey server for several machines, whoever edited last counts, and the others do not insist.

        A keeper that was restarted holds nothing or something old, and is told again. One that outlived an earlier
        supervisor may hold a higher number: count on from there.
        """
        held = await self._keeper.current_snapshot()
        snapshot = self._watch.snapshot
        if held is not None and held.digest == snapshot.digest:
            self._ahead = held.version - snapshot.version
            self._told = (held.version, held.digest)
            await self._attend(snapshot, held.version)
            return
        if held is not None and self._told[1] == snapshot.digest and held.version > self._told[0]:
            if held.digest != self._other:
                self._other = held.digest
                _log.warning("another gateway put its workspace in force", extra={"digest": held.digest})
            await self._attend(Snapshot.decode(held.payload), held.version)
            return
        version = snapshot.version + self._ahead
        if held is not None and held.version >= version:
            self._ahead += held.version - version + 1
            version = held.version + 1
        numbered = Snapshot(version, snapshot.digest, snapshot.files)
        await self._attendant.before(snapshot)
        await self._keeper.publish(Published(version, snapshot.digest, numbered.encode()))
        self._told = (version, snapshot.digest)
        await self._attendant.after(snapshot, version)

    async def _attend(self, snapshot: Snapshot, version: int) -> None:
        await self._attendant.before(snapshot)
        await self._attendant.after(snapshot, version)

    def _record(self, change: Change) -> None:
        accepted = change.outcome is Outcome.ACCEPTED
        if accepted:
            _log.info("workspace in force", extra={"snapshot": change.snapshot.version, "digest": change.digest})
        else:
            _log.error("workspace edit: %s", change.problem, extra={"digest": change.digest})
        before, edit = self._recorded, Edit()
        if accepted:
            if before is not None:
                edit = differences(before.files, change.snapshot.files)
            self._recorded = change.snapshot
        try:
            self._recorder.append(
                ConfigurationChanged(
                    id=new_id("evt"),
                    at=utc_now(),
                    snapshot=change.snapshot.version + self._ahead,
                    digest=change.digest,
                    accepted=accepted,
                    problem=change.problem,
                    files=edit.files,
                    removed=edit.removed,
                    loosened=edit.loosened,
                )
            )
        except JournalError as error:
            _log.error("not recorded: %s", error.cause)
