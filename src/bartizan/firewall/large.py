"""Reads large texts away from the event loop, fairly: whoever sends many of them delays nobody but itself."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from bartizan.firewall.declined import DeclinedError

LARGE = 65_536
"""Bytes of a body, or characters of text, from which it is read here."""
THREADS = 2
MOST_WAITING = 16
"""Pieces of work of one principal that may wait; each holds a body in memory."""

P = ParamSpec("P")
T = TypeVar("T")


class LargeTexts:
    """A few threads, of which a principal has at most one at a time. Belongs to one event loop.

    Principals with waiting work take turns, so that with two threads the wait for a turn is bounded by the work of
    each other principal's *first* piece, never by how many it has sent.

    Args:
        threads: how many.
        most_waiting: pieces of work of one principal that may wait.
    """

    def __init__(self, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="inspect")
        self._free = threads
        self._most_waiting = most_waiting
        self._busy: set[str] = set()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def run(self, principal: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``work`` returns or raises. The thread stays taken until it has, also when the caller is cancelled.

        Raises:
            DeclinedError: 429 when the principal has too much waiting.
        """
        loop = asyncio.get_running_loop()
        if self._free and principal not in self._busy:
            self._take(principal)
        else:
            await self._turn(principal, loop)
        try:
            job = self._threads.submit(work, *args, **kwargs)
        except RuntimeError:
            self._give_back(principal)
            raise DeclinedError(503, "The gateway is stopping.") from None

        def ended(_: Future[T]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._give_back, principal)

        job.add_done_callback(ended)
        return await asyncio.wrap_future(job, loop=loop)

    def close(self) -> None:
        """Let go of the threads; what has begun ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, principal: str, loop: asyncio.AbstractEventLoop) -> None:
        queue = self._waiting.setdefault(principal, deque())
        if len(queue) >= self._most_waiting:
            raise DeclinedError(
                429, "Too many large requests at once.", reason="limit: large texts waiting", retry_after=1.0
            )
        turn: asyncio.Future[None] = loop.create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(principal)  # the turn had come in the meantime
            elif turn in queue:
                queue.remove(turn)
                self._forget_if_empty(principal)
            raise

    def _take(self, principal: str) -> None:
        self._free -= 1
        self._busy.add(principal)

    def _give_back(self, principal: str) -> None:
        self._free += 1
        self._busy.discard(principal)
        for name in list(self._waiting):
            if not self._free:
                return
            if name not in self._busy:
                self._begin_next(name)

    def _begin_next(self, principal: str) -> None:
        """The principal's oldest piece has its turn; its next one goes behind everybody else's."""
        queue = self._waiting[principal]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                self._take(principal)
                turn.set_result(None)
                break
        self._waiting.move_to_end(principal)
        self._forget_if_empty(principal)

    def _forget_if_empty(self, principal: str) -> None:
        if not self._waiting.get(principal, True):
            del self._waiting[principal]
