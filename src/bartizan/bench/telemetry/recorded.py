"""A gateway in one process, with its journal or without: ``python -m bartizan.bench.telemetry.recorded ROOT PORT HOW``.

``HOW`` is ``kept`` or ``dropped``. No setting of the product turns the journal off; only here, to see what it costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from bartizan.app.gateways import build_gateway
from bartizan.app.workers import settle_heap
from bartizan.core.event import Event
from bartizan.firewall.http_protocol import server_settings
from bartizan.workspace.workspace import Workspace

KEPT: Final = "kept"
DROPPED: Final = "dropped"


class Nowhere:
    """A recorder that keeps nothing."""

    def append(self, event: Event) -> None:
        """Forget it."""

    async def commit(self) -> None:
        """Nothing is to be made durable."""


async def serve(root: Path, port: int, how: str) -> None:
    """Until it is terminated."""
    gateway = build_gateway(Workspace(root), recorder=Nowhere() if how == DROPPED else None)
    settle_heap()
    config = uvicorn.Config(gateway, host="127.0.0.1", port=port, **server_settings())
    try:
        await uvicorn.Server(config).serve()
    finally:
        await gateway.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        uvloop.run(serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
