"""``bartizan up``: the supervisor process with its children, the admin listener and the reload."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import uvicorn
import uvloop

from bartizan.app.approving import approval_tls
from bartizan.app.candidates import check_candidate
from bartizan.app.inferring import NAME, InferenceProcess
from bartizan.app.places import committer_of, journal_of, keeper_of, vault_keys_of
from bartizan.app.reloading import Reloader
from bartizan.app.retaining import check_retention
from bartizan.app.room import check_room
from bartizan.app.sinking import planned_sinks
from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError
from bartizan.core.event import ProcessChanged
from bartizan.core.ids import new_id
from bartizan.firewall.admin import Admin
from bartizan.firewall.child import Child
from bartizan.firewall.http_protocol import server_settings
from bartizan.firewall.supervisor import Supervisor, listening_socket
from bartizan.firewall.tls import with_tls_files
from bartizan.firewall.worker import QuietServer, raise_file_limit
from bartizan.keeper.open import keeper_socket
from bartizan.telemetry.exposition import merge, render
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.logs import configure_logging
from bartizan.workspace.deployment import Deployment, Listen
from bartizan.workspace.workspace import Workspace

_log = logging.getLogger("bartizan.supervisor")
Announce = Callable[[int, int, int], None]
"""Told the ports of the gateway, of the admin listener and of the approvers' one (0 without) once they listen."""


def run_gateway(root: Path, announce: Announce, *, workers: int = 0, port: int = -1, admin_port: int = -1) -> None:
    """Serve a workspace until SIGTERM or SIGINT.

    Args:
        root: the workspace.
        announce: told where it listens.
        workers: instead of the deployment's, unless 0.
        port: instead of the deployment's, unless -1; 0 for any free one.
        admin_port: likewise.

    Raises:
        ArtefactError: policy wants the trained model, and it is missing or damaged.
        DocumentError: a workspace file is wrong.
        ConfigurationError: something is missing, contradictory, or an address is taken.
        JournalError: the journal cannot be used.
    """
    configure_logging("supervisor")
    raise_file_limit()
    workspace = Workspace(root)
    deployment = _with(workspace.deployment, workers, port, admin_port)
    uvloop.run(_supervise(workspace, deployment, announce))


async def _supervise(workspace: Workspace, deployment: Deployment, announce: Announce) -> None:
    listen = deployment.listen
    with_tls_files(listen, workspace.root)
    if deployment.approvals is not None:
        approval_tls(deployment.approvals, workspace.root)
    for plan in planned_sinks(workspace):
        await plan.build().close()
    check_room(workspace.state)
    journal = Journal(journal_of(workspace), "supervisor", deployment.journal)
    keeper = keeper_of(workspace)
    _open_vault(workspace)
    committer_of(workspace)  # makes the first key before several workers look for one
    # Everything is built once before, so that a broken workspace is an error of the command and not of its children.
    inference = InferenceProcess(
        lambda: Child(NAME, lambda control: _command(workspace, NAME, control), [], _reporter(journal))
    )
    reloader = Reloader(workspace, partial(check_candidate, workspace.root), keeper, journal, inference)
    listener = listening_socket(listen.host, listen.port)
    admin_listener = listening_socket(listen.admin_host, listen.admin_port)
    approvals = _approval_socket(deployment)
    supervisor = Supervisor(
        [*_helpers(workspace, deployment, journal), *_approvals(workspace, approvals, journal)],
        [
            Child(name, _worker_command(workspace, name, listener.fileno()), [listener.fileno()], _reporter(journal))
            for name in (f"worker{number + 1}" for number in range(listen.workers))
        ],
        listen.drain_seconds,
    )
    inference.supervisor = supervisor

    async def started() -> None:
        await reloader.publish_first()
        asked = 0 if approvals is None else approvals.getsockname()[1]
        announce(listener.getsockname()[1], admin_listener.getsockname()[1], asked)

    def metrics() -> str:
        return render(merge([child.metrics for child in (*supervisor.workers, *supervisor.first)]))

    try:
        async with (
            _admin(Admin(metrics, lambda: supervisor.problems), admin_listener),
            _following(reloader, supervisor),
        ):
            await supervisor.run(started)
    finally:
        listener.close()
        if approvals is not None:
            approvals.close()
        await keeper.close()
        journal.close()


def _open_vault(workspace: Workspace) -> None:
    """A vault without a key is an error of the command, and not of the first request."""
    check_retention(workspace)
    keys = vault_keys_of(workspace)
    if keys is not None:
        from bartizan.trust.vault_keys import newest_recipient

        newest_recipient(keys)


def _helpers(workspace: Workspace, deployment: Deployment, journal: Journal) -> list[Child]:
    """The keeper, unless it is elsewhere, the telemetry process and the one that runs rules."""
    names = ["keeper"] if keeper_socket(deployment.keeper, workspace.root) is not None else []
    names += ["telemetry", *(["detections"] if deployment.detections.enabled else [])]
    return [Child(name, partial(_command, workspace, name), [], _reporter(journal)) for name in names]


def _approval_socket(deployment: Deployment) -> socket.socket | None:
    settings = deployment.approvals
    return None if settings is None else listening_socket(settings.host, settings.port)


def _approvals(workspace: Workspace, listener: socket.socket | None, journal: Journal) -> list[Child]:
    if listener is None:
        return []
    descriptor = listener.fileno()
    return [Child("approvals", _worker_command(workspace, "approvals", descriptor), [descriptor], _reporter(journal))]


def _worker_command(workspace: Workspace, name: str, listener: int) -> Callable[[int], Sequence[str]]:
    return lambda control: [*_command(workspace, name, control), str(listener)]


def _command(workspace: Workspace, name: str, control: int) -> list[str]:
    return [sys.executable, "-P", "-m", "bartizan.cli.child", str(workspace.root), name, str(control)]


def _reporter(journal: Journal) -> Callable[[str, str, str], None]:
    def report(process: str, state: str, detail: str) -> None:
        try:
            event = ProcessChanged(id=new_id("evt"), at=utc_now(), process=process, state=state, detail=detail)
            journal.append(event)
        except JournalError as error:
            _log.error("not recorded: %s", error.cause, extra={"state": state})

    return report


@asynccontextmanager
async def _admin(application: Admin, listener: object) -> AsyncIterator[None]:
    server = QuietServer(uvicorn.Config(application, **server_settings(), timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listener]))  # type: ignore[list-item]
    try:
        yield
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


@asynccontextmanager
async def _following(reloader: Reloader, supervisor: Supervisor) -> AsyncIterator[None]:
    task = asyncio.create_task(reloader.follow())
    task.add_done_callback(lambda done: None if done.cancelled() else supervisor.end())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _with(deployment: Deployment, workers: int, port: int, admin_port: int) -> Deployment:
    listen: Listen = deployment.listen
    listen = msgspec.structs.replace(
        listen,
        workers=workers or listen.workers,
        port=listen.port if port < 0 else port,
        admin_port=listen.admin_port if admin_port < 0 else admin_port,
    )
    return msgspec.structs.replace(deployment, listen=listen)
