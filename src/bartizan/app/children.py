"""What every child process but the workers does: say how it goes, and end with its supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from bartizan.firewall.control import STATUS_EVERY, Control, Ready, Status
from bartizan.telemetry.metrics import Snapshot

Tell = Callable[[], Awaitable[None]]
ORPHAN_SECONDS: Final = 30.0
"""A child without a supervisor may finish what it is doing for this long."""


@asynccontextmanager
async def supervised(
    control: socket.socket, metrics: Callable[[], Snapshot]
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """While inside, the supervisor is told how it goes; what it gives tells it that the child is ready.

    Args:
        control: the line to the supervisor.
        metrics: asked about once a second.
    """
    line = await Control.over(control)
    telling = asyncio.create_task(_tell(line, metrics))
    ending = asyncio.create_task(_end_with_supervisor(line))

    async def ready() -> None:
        line.send(Ready())

    try:
        yield ready
    finally:
        for task in (telling, ending):
            task.cancel()
        await asyncio.gather(telling, ending, return_exceptions=True)
        line.close()


async def _tell(line: Control, metrics: Callable[[], Snapshot]) -> None:
    while True:
        line.send(Status(metrics=metrics()))
        await asyncio.sleep(STATUS_EVERY)


async def _end_with_supervisor(line: Control) -> None:
    """The supervisor says "drain" or is gone: either way the child's work is over.

    A supervisor that is there ends a child that does not end; one that is gone leaves that to the child, whose locks a
    new one needs.
    """
    said = await line.receive()
    with contextlib.suppress(ProcessLookupError):
        os.kill(os.getpid(), signal.SIGTERM)
    if said is None:
        await asyncio.sleep(ORPHAN_SECONDS)
        os._exit(1)
