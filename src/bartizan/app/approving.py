"""Approvals of tool calls: what workers ask through, and the process in which people decide."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.book import ApprovalBook
from bartizan.agents.approvals.listener import ApprovalListener
from bartizan.agents.approvals.shared import SharedApprovals
from bartizan.app.children import supervised
from bartizan.app.places import journal_of, keeper_of
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.interfaces import Recorder
from bartizan.firewall.http_protocol import server_settings
from bartizan.firewall.tls import with_tls_files
from bartizan.firewall.worker import QuietServer
from bartizan.keeper.interface import Keeper
from bartizan.policy.document import PolicyDocument
from bartizan.store.database import Database, open_database
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.logs import configure_logging
from bartizan.trust.virtual_keys import KeyTable
from bartizan.workspace.deployment import ApprovalListener as Settings
from bartizan.workspace.deployment import Listen
from bartizan.workspace.document import loads
from bartizan.workspace.snapshot import Snapshot
from bartizan.workspace.workspace import DEPLOYMENT, POLICY, Workspace

NAME: Final = "approvals"
SWEEP_SECONDS: Final = 5.0

_log = logging.getLogger("bartizan.approvals")


def open_approvals(
    workspace: Workspace, database: Database, policy: Callable[[], PolicyDocument], recorder: Recorder
) -> SharedApprovals:
    """Where a guard of this workspace asks.

    Args:
        workspace: without ``approvals:`` in its deployment nobody can be asked.
        database: the workspace's store, open.
        policy: the one in force; its approvers must have been checked with :class:`Approvers`.
        recorder: the journal.

    Raises:
        StoreError, ConfigurationError: the store does not answer, or is of a newer version.
    """
    listening = workspace.deployment.approvals is not None
    nobody = Approvers(())

    def in_force() -> Approvers:
        return Approvers.of(policy()) if listening else nobody

    return SharedApprovals(ApprovalBook(database, recorder), lambda: (policy().approvals, in_force()), recorder)


class _InForce:
    """What the listener needs of a policy, swapped as one."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.policy = loads(snapshot.files[POLICY], POLICY, PolicyDocument)
        self.approvers = Approvers.of(self.policy)
        self._clients = KeyTable((row.sha256, row.principal) for row in self.policy.keys if not row.disabled)

    def client(self, key: str) -> str:
        """The principal of a client's key; empty for none. Nobody asks anonymously."""
        return self._clients.find(key) or ""


def run_approvals(root: Path, control: int, listener: int) -> None:
    """Serve approvers until the supervisor says otherwise or is gone.

    Args:
        root: the workspace.
        control: file descriptor of the line to the supervisor.
        listener: file descriptor of the listening socket.

    Raises:
        BartizanError: the store, the journal or the keeper cannot be used.
    """
    configure_logging(NAME)
    uvloop.run(_serve(Workspace(root), socket.socket(fileno=control), socket.socket(fileno=listener)))


async def _serve(workspace: Workspace, control: socket.socket, listener: socket.socket) -> None:
    settings = workspace.deployment.approvals
    if settings is None:
        raise ConfigurationError(f"{DEPLOYMENT} names no approvals listener")
    tls = approval_tls(settings, workspace.root)
    database = open_database(workspace.deployment.store, workspace.root)
    journal = Journal(journal_of(workspace), NAME, workspace.deployment.journal)
    keeper = keeper_of(workspace)
    try:
        async with supervised(control, tuple) as ready:
            published = await keeper.wait_snapshot(0)
            held = [_InForce(Snapshot.decode(published.payload))]
            book = ApprovalBook(database, journal)
            approvals = SharedApprovals(book, lambda: (held[0].policy.approvals, held[0].approvers), journal)
            application = ApprovalListener(
                book, approvals, lambda: held[0].approvers, lambda key: held[0].client(key), journal
            )
            server = QuietServer(
                uvicorn.Config(
                    application,
                    **server_settings(),
                    timeout_graceful_shutdown=2,
                    ssl_certfile=tls.tls_certificate or None,
                    ssl_keyfile=tls.tls_key or None,
                )
            )
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _stop, server)
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
            async with _beside(_follow(keeper, published.version, held), _sweep(book, journal)):
                await ready()
                await server.serve(sockets=[listener])
            await approvals.close()
    finally:
        await keeper.close()
        journal.close()
        database.close()


def approval_tls(settings: Settings, root: Path) -> Listen:
    """The listener's certificate and key, as absolute paths that have been read once. Raises ConfigurationError."""
    listen = Listen(tls_certificate=settings.tls_certificate, tls_key=settings.tls_key)
    try:
        return with_tls_files(listen, root)
    except ConfigurationError as error:
        raise ConfigurationError(f"approvals: {error.cause.removeprefix('listen: ')}", error.hint) from None


def _stop(server: QuietServer) -> None:
    server.should_exit = True


async def _follow(keeper: Keeper, version: int, held: list[_InForce]) -> None:
    while True:
        published = await keeper.wait_snapshot(version)
        version = published.version
        try:
            held[0] = _InForce(Snapshot.decode(published.payload))
        except BartizanError as error:
            _log.error("snapshot not put in force: %s", error, extra={"snapshot": version})


async def _sweep(book: ApprovalBook, journal: Journal) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        journal.rotate_if_due()
        try:
            await asyncio.to_thread(book.sweep)
        except BartizanError as error:
            _log.error("approvals were not swept: %s", error.cause)


@asynccontextmanager
async def _beside(*work: object) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(one) for one in work]  # type: ignore[call-overload]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
