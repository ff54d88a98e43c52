"""Starts the keeper and the workers, keeps them alive, and takes them down in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from bartizan.core.errors import ConfigurationError
from bartizan.firewall.child import Child

_log = logging.getLogger("bartizan.supervisor")
LAST_WORDS = 1.0
KILL_AFTER = 3.0
"""Seconds beyond the drain time after which a worker is killed."""


def listening_socket(host: str, port: int, backlog: int = 2_048) -> socket.socket:
    """A bound, listening, inheritable TCP socket. Raises ConfigurationError when the address cannot be used."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {error.strerror or error}", "choose another port, or stop what uses it"
        ) from None
    listener.setblocking(False)
    listener.set_inheritable(True)
    return listener


class Supervisor:
    """Keeps children alive until SIGTERM or SIGINT.

    Args:
        first: children that the others need (the keeper); they are stopped last.
        workers: the gateway workers.
        drain_seconds: how long workers may finish what is under way.
    """

    def __init__(self, first: Sequence[Child], workers: Sequence[Child], drain_seconds: float) -> None:
        self.first = tuple(first)
        self.workers = tuple(workers)
        self._drain_seconds = drain_seconds
        self._keeping_first: dict[Child, asyncio.Task[None]] = {}
        self._end = asyncio.Event()

    @property
    def problems(self) -> tuple[str, ...]:
        """Why no worker serves; empty as soon as one does."""
        if self._end.is_set():
            return ("draining",)
        if any(not worker.problems for worker in self.workers):
            return ()
        return tuple(f"{worker.name}: {problem}" for worker in self.workers for problem in worker.problems)

    def add(self, child: Child) -> None:
        """Keep one more child that the others need; it is stopped among the first ones."""
        self.first = (*self.first, child)
        self._keeping_first[child] = self._keep(child)

    async def remove(self, child: Child) -> None:
        """Stop a child that is not needed any more."""
        self.first = tuple(other for other in self.first if other is not child)
        await child.stop(KILL_AFTER)
        await _gathered([self._keeping_first.pop(child)])

    def end(self) -> None:
        """Begin to take everything down."""
        self._end.set()

    async def run(self, started: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run until the end has been asked for and everything is down.

        Args:
            started: awaited once the children are being kept; it may publish what they wait for.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.end)
        self._keeping_first.update({child: self._keep(child) for child in self.first})
        keeping: list[asyncio.Task[None]] = []
        try:
            if await self._unless_ended(started()):
                keeping = [self._keep(child) for child in self.workers]
                await self._end.wait()
        finally:
            for child in self.workers:
                child.drain()
            await asyncio.gather(*(child.stop(self._drain_seconds + KILL_AFTER) for child in self.workers))
            await _gathered(keeping)
            await asyncio.gather(*(child.stop(KILL_AFTER) for child in self.first))
            await _gathered(list(self._keeping_first.values()))
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _keep(self, child: Child) -> asyncio.Task[None]:
        """Keep a child; if that itself fails, take everything down rather than go on without."""

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("cannot keep %s", child.name, exc_info=error)
                self.end()

        task = asyncio.get_running_loop().create_task(child.keep())
        task.add_done_callback(ended)
        return task

    async def _unless_ended(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do the work; False if the end came first. Raises what the work raises."""
        doing = asyncio.ensure_future(work)
        ending = asyncio.ensure_future(self._end.wait())
        await asyncio.wait((doing, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not doing.done():
            doing.cancel()
            await _gathered([doing])
            return False
        await doing
        return not self._end.is_set()


async def _gathered(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Let the tasks say their last word, then end them."""
    if tasks:
        await asyncio.wait(tasks, timeout=LAST_WORDS)
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
