"""The telemetry process: what happens to records after they were written, away from the request path."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvloop

from bartizan.app.children import supervised
from bartizan.app.events import sealer_of
from bartizan.app.places import journal_of, lake_of
from bartizan.app.retaining import check_retention, expire
from bartizan.app.sinking import shipping
from bartizan.app.stamping import stamp, stamping_of
from bartizan.core.errors import BartizanError
from bartizan.telemetry.logs import configure_logging
from bartizan.telemetry.metrics import Registry
from bartizan.telemetry.sealing import Sealer
from bartizan.workspace.workspace import Workspace

NAME: Final = "telemetry"
COMPACT_SECONDS: Final = 60.0
EXPIRE_SECONDS: Final = 600.0
_log = logging.getLogger("bartizan.telemetry")


def run_telemetry(root: Path, control: int) -> None:
    """Seal the journal, keep the lake and feed the sinks until the supervisor says otherwise or is gone.

    Args:
        root: the workspace.
        control: file descriptor of the line to the supervisor.

    Raises:
        ConfigurationError: the signing key or a sink cannot be used.
        JournalError: the journal cannot be read.
    """
    configure_logging(NAME)
    uvloop.run(_run(Workspace(root), socket.socket(fileno=control)))


async def _run(workspace: Workspace, control: socket.socket) -> None:
    registry = Registry()
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the supervisor says when
    async with supervised(control, registry.snapshot) as ready:
        with sealer_of(workspace, NAME) as sealer:
            async with shipping(workspace, registry):
                await ready()
                tasks = []
                signing = workspace.deployment.journal.signing
                if sealer is not None and signing is not None:
                    tasks.append(asyncio.create_task(_every(signing.seconds, _sealing(sealer, registry))))
                tasks.append(asyncio.create_task(_every(COMPACT_SECONDS, _compacting(workspace, registry))))
                stamping = stamping_of(workspace)
                if stamping is not None:
                    tasks.append(asyncio.create_task(_every(stamping.seconds, _stamping(workspace, registry))))
                if check_retention(workspace):
                    tasks.append(asyncio.create_task(_every(EXPIRE_SECONDS, _expiring(workspace, registry))))
                await ending.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if sealer is not None:
                with contextlib.suppress(BartizanError):
                    sealer.seal()


async def _every(seconds: float, work: Callable[[], None]) -> None:
    """Do blocking work in a thread, again and again; what fails is logged and tried again."""
    while True:
        await asyncio.sleep(max(0.1, seconds))
        try:
            await asyncio.to_thread(work)
        except BartizanError as error:
            _log.error("%s", error)


def _sealing(sealer: Sealer, registry: Registry) -> Callable[[], None]:
    seals = registry.counter("bartizan_journal_seals_total", "Signed seals over the journal.").labels()
    damaged = registry.gauge("bartizan_journal_damaged", "Segments that are not what their writer wrote.").labels()

    def seal() -> None:
        known = len(sealer.damaged)
        if sealer.seal() is not None:
            seals.inc()
        damaged.set(len(sealer.damaged))
        for problem in list(sealer.damaged.values())[known:]:
            _log.error("the journal is damaged: %s", problem)

    return seal


def _stamping(workspace: Workspace, registry: Registry) -> Callable[[], None]:
    stamps = registry.counter("bartizan_journal_stamps_total", "Time stamps over seals of the journal.").labels()

    def run() -> None:
        if stamp(workspace) is not None:
            stamps.inc()

    return run


def _compacting(workspace: Workspace, registry: Registry) -> Callable[[], None]:
    rows = registry.counter("bartizan_lake_rows_total", "Records brought into the lake.").labels()
    rejected = registry.counter("bartizan_lake_rejected_total", "Lines of the journal that are no record.").labels()

    def compact() -> None:
        from bartizan.telemetry.lake import compactor  # with duckdb, which a start need not wait for

        done = compactor.compact(journal_of(workspace), lake_of(workspace))
        rows.inc(done.rows)
        rejected.inc(done.rejected)

    return compact


def _expiring(workspace: Workspace, registry: Registry) -> Callable[[], None]:
    expired = registry.counter("bartizan_expired_total", "What retention removed.", ("kind",))

    def run() -> None:
        done = expire(workspace)
        expired.labels("texts").inc(done.texts)
        expired.labels("segments").inc(done.segments)
        expired.labels("lake_files").inc(done.files)

    return run
