"""An event loop in a thread of its own, for callers with and without one.

Keeper, journal and approvals belong to one event loop; agents call tools from threads and from loops that come and go.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bartizan.core.errors import BartizanError

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, T]]


class ClosedError(BartizanError):
    """It was closed, or opened in a process from which this one was forked."""

    def __init__(self) -> None:
        super().__init__("the guard of this agent is closed", "open it in each process, and keep it open")


class Portal:
    """Runs coroutines for any thread."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bartizan-sdk", daemon=True)
        self._thread.start()

    def run(self, work: Work[T], seconds: float) -> T:
        """What ``work`` returns. Raises what it raises, ClosedError, and TimeoutError after ``seconds``."""
        self._check()
        if threading.current_thread() is self._thread:
            raise RuntimeError("called from inside the guard itself")
        future = asyncio.run_coroutine_threadsafe(work(), self._loop)
        try:
            return future.result(seconds)
        finally:
            future.cancel()

    async def arun(self, work: Work[T], seconds: float) -> T:
        """The same for a caller with an event loop of its own, which it does not hold up."""
        self._check()
        future = asyncio.run_coroutine_threadsafe(work(), self._loop)
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(future)

    @property
    def is_open(self) -> bool:
        """Whether it runs in this process."""
        return not self._loop.is_closed() and self._thread.is_alive() and os.getpid() == self._pid

    def _check(self) -> None:
        if not self.is_open:
            raise ClosedError

    def close(self) -> None:
        """End the loop; what still runs is cancelled. A second time does nothing."""
        if not self.is_open:
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._loop.shutdown_default_executor()
