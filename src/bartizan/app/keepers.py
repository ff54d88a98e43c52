"""The keeper process. It needs none of the gateway's libraries, so this module imports none."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

import uvloop

from bartizan.core.errors import ConfigurationError
from bartizan.firewall.control import STATUS_EVERY, Control, Ready, Status
from bartizan.keeper.open import keeper_socket
from bartizan.keeper.server import serve_keeper
from bartizan.telemetry.logs import configure_logging
from bartizan.workspace.workspace import Workspace


def run_keeper(root: Path, control: int) -> None:
    """Serve the workers until the supervisor says otherwise or is gone.

    Args:
        root: the workspace.
        control: file descriptor of the line to the supervisor.

    Raises:
        ConfigurationError: the workspace names a keeper that is a server elsewhere.
    """
    configure_logging("keeper")
    uvloop.run(_keep(Workspace(root), socket.socket(fileno=control)))


async def _keep(workspace: Workspace, control: socket.socket) -> None:
    path = keeper_socket(workspace.deployment.keeper, workspace.root)
    if path is None:
        raise ConfigurationError("the workspace names a keeper elsewhere; none is started here")
    line = await Control.over(control)
    line.send(Ready())
    telling = asyncio.create_task(_tell(line))
    ending = asyncio.create_task(_end_with_supervisor(line))
    try:
        await serve_keeper(path, workspace.deployment.store, workspace.root)
    finally:
        for task in (telling, ending):
            task.cancel()
        await asyncio.gather(telling, ending, return_exceptions=True)
        line.close()


async def _tell(line: Control) -> None:
    while True:
        line.send(Status())
        await asyncio.sleep(STATUS_EVERY)


async def _end_with_supervisor(line: Control) -> None:
    """The supervisor says "drain" or is gone: either way the keeper's work is over."""
    await line.receive()
    with contextlib.suppress(ProcessLookupError):
        os.kill(os.getpid(), signal.SIGTERM)
