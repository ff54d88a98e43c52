"""Deadlines and the client's departure for one request, at the price of one timer.

``asyncio.timeout`` around each step and a task that waits for the disconnect would cost more than the rest of the
gateway. One coarse timer looks at a deadline that the steps only set, and starts watching the client when a request
has lasted a while.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from bartizan.core.errors import BartizanError
from bartizan.firewall.asgi import Receive

WATCH_AFTER = 0.05
"""Seconds that a request lasts before its client is watched."""
LOOK_EVERY = 0.25
"""Seconds by which a deadline may be overrun."""


class ClientGoneError(BartizanError):
    """The client closed the connection before the answer was complete."""

    def __init__(self) -> None:
        super().__init__("the client closed the connection")


class Watchdog:
    """Cancels the current task when a deadline passes or the client leaves, and says afterwards which it was.

    Use as an async context manager around everything that waits; ``arm`` before each wait. Leaving it with a
    cancellation that the watchdog caused raises the error of the deadline, or ClientGoneError.

    Args:
        receive: the request's ASGI ``receive``, once its body has been read; None: the client is not watched.
    """

    def __init__(self, receive: Receive | None) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = float("inf")
        self._end = float("inf")
        self._late: BartizanError | None = None
        self._end_late: BartizanError | None = None
        self._cause: BartizanError | None = None

    def arm(self, seconds: float, late: BartizanError) -> None:
        """From now on, ``late`` is raised unless the next ``arm`` comes within ``seconds``."""
        self._deadline = self._loop.time() + seconds
        self._late = late

    def disarm(self) -> None:
        """Nothing is awaited that could be late."""
        self._deadline = float("inf")

    def limit(self, seconds: float, late: BartizanError) -> None:
        """A deadline for everything together."""
        self._end = self._loop.time() + seconds
        self._end_late = late

    async def __aenter__(self) -> Watchdog:
        self._task = asyncio.current_task()
        self._timer = self._loop.call_later(WATCH_AFTER, self._look)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        # Let go of everything that could lead back here: the error that is raised below carries this frame with it, and
        # a cycle would keep the whole exchange until the collector comes.
        cause, self._cause, self._timer, self._watcher = self._cause, None, None, None
        if cause is None or task is None:
            return
        if kind is asyncio.CancelledError:
            if task.uncancel() == 0:
                try:
                    raise cause from None
                finally:
                    del cause
        else:
            await self._swallow(task)

    async def _swallow(self, task: asyncio.Task[object]) -> None:
        """The cancellation was asked for but the work ended first: take it back before it strikes elsewhere."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if task.uncancel() > 0:
                raise
        else:
            task.uncancel()

    def _look(self) -> None:
        if self._task is None:
            return
        now = self._loop.time()
        if now >= self._end:
            self._strike(self._end_late)
            return
        if now >= self._deadline:
            self._strike(self._late)
            return
        if self._watcher is None and self._receive is not None:
            self._watcher = self._loop.create_task(self._watch(self._receive))
        due = min(self._deadline, self._end, now + LOOK_EVERY)
        self._timer = self._loop.call_at(max(due, now + 0.005), self._look)

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._strike(ClientGoneError())

    def _strike(self, cause: BartizanError | None) -> None:
        if self._task is not None and self._cause is None and cause is not None:
            self._cause = cause
            self._task.cancel()
