"""A keeper inside the process that uses it: for one worker, for the Python API, and for tests."""

from __future__ import annotations

import asyncio

from bartizan.core.limits import Limits
from bartizan.core.query_watch import Watched, WatchRules
from bartizan.core.tool_budget import ToolLimits, ToolUse
from bartizan.keeper.interface import Grant, Snapshot
from bartizan.keeper.state import KeeperState


class LocalKeeper:
    """Implements :class:`bartizan.keeper.interface.Keeper` on a state of its own; belongs to one event loop.

    Nothing is persisted: budgets and quarantines end with the process.
    """

    def __init__(self, state: KeeperState | None = None) -> None:
        self._state = state or KeeperState()
        self._published = asyncio.Condition()
        self._calls = 0

    async def admit(self, principal: str, limits: Limits, tokens: int = 0, cost: float = 0.0) -> Grant:
        """See the interface."""
        self._sweep()
        return self._state.admit(principal, limits, tokens, cost).grant

    def _sweep(self) -> None:
        self._calls += 1
        if self._calls % 1024 == 0:
            self._state.budgets.take_dirty()
            self._state.tools.take_dirty()
            self._state.sweep()

    async def settle(self, principal: str, limits: Limits, tokens: int, cost: float, window: int = 0) -> None:
        """See the interface."""
        self._state.settle(principal, limits, tokens, cost, window)

    async def record_block(self, principal: str, limits: Limits) -> None:
        """See the interface."""
        self._state.record_block(principal, limits)

    async def admit_call(self, use: ToolUse, limits: ToolLimits) -> Grant:
        """See the interface."""
        self._sweep()
        return self._state.admit_call(use, limits)

    async def settle_call(self, use: ToolUse, limits: ToolLimits, ran: bool, window: int = 0) -> None:
        """See the interface."""
        self._state.settle_call(use, limits, ran, window)

    async def take_once(self, owner: str, name: str, seconds: float) -> bool:
        """See :class:`bartizan.core.once.Once`."""
        return self._state.take_once(owner, name, seconds)

    async def observe(self, principal: str, stream: str, rules: WatchRules, queries: bytes) -> Watched:
        """See :class:`bartizan.core.query_watch.QueryWatch`."""
        return self._state.observe(principal, stream, rules, queries)

    async def tell_classes(self, principal: str, stream: str, rules: WatchRules, first: int, classes: bytes) -> None:
        """See :class:`bartizan.core.query_watch.QueryWatch`."""
        self._state.watch.tell_classes(principal, stream, rules, first, classes)

    async def quarantine(self, principal: str) -> None:
        """See the interface."""
        self._state.refusals.quarantine(principal)

    async def release(self, principal: str) -> None:
        """See the interface."""
        self._state.watch.forget(principal)
        self._state.refusals.release(principal)

    async def publish(self, snapshot: Snapshot) -> None:
        """See the interface."""
        async with self._published:
            if self._state.publish(snapshot):
                self._published.notify_all()

    async def current_snapshot(self) -> Snapshot | None:
        """See the interface."""
        return self._state.snapshot

    async def wait_snapshot(self, after_version: int) -> Snapshot:
        """See the interface."""
        async with self._published:
            while (current := self._state.snapshot) is None or current.version <= after_version:
                await self._published.wait()
            return current

    async def close(self) -> None:
        """Nothing to let go of."""
