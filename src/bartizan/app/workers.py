"""A gateway worker process."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from bartizan.app.gateways import build_in_force, build_services
from bartizan.app.guards import Detectors
from bartizan.app.heap import settle_heap
from bartizan.app.issuers import Issuers
from bartizan.app.places import committer_of, inference_socket, journal_of, keeper_of, vault_of
from bartizan.core.errors import BartizanError
from bartizan.firewall.control import Control, Status
from bartizan.firewall.gateway import Gateway
from bartizan.firewall.in_force import InForce
from bartizan.firewall.metrics import PrometheusMeters
from bartizan.firewall.tls import with_tls_files
from bartizan.firewall.worker import Worker, raise_file_limit
from bartizan.keeper.inference.client import SocketInference
from bartizan.keeper.interface import Keeper
from bartizan.policy.document import PolicyDocument
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.logs import configure_logging
from bartizan.telemetry.metrics import Registry
from bartizan.workspace.snapshot import Snapshot
from bartizan.workspace.workspace import Workspace

if TYPE_CHECKING:
    from bartizan.app.asking import Asking

_log = logging.getLogger("bartizan.worker")


def run_worker(root: Path, name: str, control: int, listener: int) -> None:
    """A gateway worker.

    Args:
        root: the workspace.
        name: of this worker, such as ``worker1``.
        control: file descriptor of the line to the supervisor.
        listener: file descriptor of the listening socket.
    """
    configure_logging(name)
    raise_file_limit()
    uvloop.run(_serve(Workspace(root), name, socket.socket(fileno=control), socket.socket(fileno=listener)))


async def _serve(workspace: Workspace, name: str, control: socket.socket, listener: socket.socket) -> None:
    deployment = workspace.deployment
    line = await Control.over(control)
    vault = vault_of(workspace, name)
    committer = committer_of(workspace, vault)
    journal = Journal(journal_of(workspace), name, deployment.journal, beneath=vault.sync if vault else None)
    keeper = keeper_of(workspace)
    registry = Registry()
    try:
        snapshot = Snapshot.decode((await keeper.wait_snapshot(0)).payload)
        inference = SocketInference(inference_socket(workspace), deployment.inference, registry)
        kept = Detectors()
        asking = _asking(workspace, lambda: gateway.in_force.policy, journal)
        services = build_services(
            workspace,
            deployment,
            keeper,
            journal,
            PrometheusMeters(registry),
            inference,
            keeper,
            asking.approvals if asking is not None else None,
            asking.held if asking is not None else None,
            keeper,
            keeper,
        )
        issuers = Issuers(workspace)
        gateway = Gateway(services, build_in_force(workspace, snapshot, committer, kept, issuers))
        lost = registry.counter("bartizan_journal_lost_total", "Records, or texts of the vault, not kept.").labels()

        def status() -> Status:
            gateway.tell()
            journal.rotate_if_due()
            lost.set(journal.lost + (vault.lost if vault else 0))
            problems = () if journal.healthy else ("the journal cannot take records",)
            return Status(problems, gateway.in_force.version, registry.snapshot())

        building = partial(build_in_force, workspace, committer=committer, kept=kept, issuers=issuers)
        following = asyncio.create_task(_follow(keeper, gateway, building))
        try:
            listen = with_tls_files(deployment.listen, workspace.root)
            settle_heap()
            await Worker(gateway, listen, listener, line, status).run()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await gateway.close()
            if asking is not None:
                await asking.close()
    finally:
        await keeper.close()
        journal.close()


def _asking(workspace: Workspace, policy: Callable[[], PolicyDocument], journal: Journal) -> Asking | None:
    if workspace.deployment.approvals is None:
        return None
    from bartizan.app.asking import Asking  # the store's library: memory that workers otherwise do without

    return Asking(workspace, policy, journal)


async def _follow(keeper: Keeper, gateway: Gateway, building: Callable[[Snapshot], InForce]) -> None:
    """Put each snapshot in force that the supervisor publishes. What cannot be built leaves the last one in force."""
    version = gateway.in_force.version
    while True:
        published = await keeper.wait_snapshot(version)
        version = published.version
        try:
            snapshot = Snapshot.decode(published.payload)
            gateway.put_in_force(await asyncio.to_thread(building, snapshot))
            _log.info("snapshot in force", extra={"snapshot": version, "digest": snapshot.digest})
        except BartizanError as error:
            _log.error("snapshot not put in force: %s", error, extra={"snapshot": version})
