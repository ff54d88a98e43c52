"""The keeper process. It needs none of the gateway's libraries, so this module imports none."""

from __future__ import annotations

import socket
from pathlib import Path

import uvloop

from bartizan.app.children import supervised
from bartizan.core.errors import ConfigurationError
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
    async with supervised(control, tuple) as ready:
        await ready()
        await serve_keeper(path, workspace.deployment.store, workspace.root)
