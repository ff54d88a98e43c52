"""What protects an agent: the guard of a deployment, for tools that run in this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from bartizan.agents.asking import Asking
from bartizan.agents.overriding import Profiler
from bartizan.agents.recording import Commit
from bartizan.agents.sdk.portal import Portal, Work
from bartizan.core.interfaces import Recorder
from bartizan.core.tool import ToolGuard
from bartizan.core.tool_budget import ToolLimits, ToolQuota

SECONDS = 30.0
"""Within this a decision is made, or the call is refused."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision needs."""

    guard: ToolGuard
    profiles: Profiler
    budgets: Callable[[], ToolQuota]
    """Gives whoever counts now."""
    limits: ToolLimits
    asking: Asking
    recorder: Recorder | None = None
    """The journal; None: nothing is recorded."""
    commit: Commit
    blocked: Callable[[str], Awaitable[None]] | None = None
    """Told of each principal whose call was declined, which cools it down."""
    monitor: bool = False
    """Policy only observes."""


class Protection:
    """Opened once for each process; safe to share between threads and event loops.

    Args:
        build: makes the parts, in the event loop to which they belong; what it opens is closed with the stack.

    Raises:
        BartizanError: they cannot be made.
    """

    def __init__(self, build: Callable[[AsyncExitStack], Awaitable[Parts]]) -> None:
        self._portal = Portal()
        self._open_until = AsyncExitStack()

        async def made() -> Parts:
            return await build(self._open_until)

        try:
            self.parts = self._portal.run(made, SECONDS)
        except BaseException:
            self.close()
            raise

    def run(self, work: Work[Any]) -> Any:
        """Run a coroutine where the parts belong, and wait for it."""
        return self._portal.run(work, SECONDS)

    async def arun(self, work: Work[Any]) -> Any:
        """The same without holding up the caller's event loop."""
        return await self._portal.arun(work, SECONDS)

    def close(self) -> None:
        """Let go of keeper, journal and store; guarded tools refuse from now on. A second time does nothing."""
        try:
            if self._portal.is_open:
                self._portal.run(self._open_until.aclose, SECONDS)
        finally:
            self._portal.close()

    def __enter__(self) -> Protection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
