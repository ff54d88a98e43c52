"""What gateway workers ask of the keeper. The embedded keeper and Valkey answer alike."""

from __future__ import annotations

from typing import Protocol

import msgspec

from bartizan.core.limits import Limits
from bartizan.core.query_watch import Watched, WatchRules
from bartizan.core.tool_budget import ToolLimits, ToolUse

EVERYONE = "*"
"""Quarantining this principal stops all traffic: the kill switch."""


def session_target(session: str) -> str:
    """What to quarantine in order to stop a session's tool calls, whoever its principal is.

    The separator keeps it apart from the principals, whose names are text of the policy.
    """
    return f"session\x1f{session}"


class Grant(msgspec.Struct, frozen=True):
    """The answer to an admission request."""

    allowed: bool
    reason: str = ""
    """``rate``, ``budget.requests``, ``budget.tokens``, ``budget.cost``, ``cooldown`` or ``quarantine``."""
    retry_after: float = 0.0
    """Seconds; 0 if unknown."""
    window: int = 0
    """Start of the budget window in which tokens and cost were reserved, Unix seconds; hand it back to ``settle``."""


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """The workspace in force. What is inside is a matter between supervisor and workers."""

    version: int
    digest: str
    payload: bytes


class Keeper(Protocol):
    """Shared state with one meaning for one worker or eight. Every call raises KeeperError when it is out of reach."""

    async def admit(self, principal: str, limits: Limits, tokens: int = 0, cost: float = 0.0) -> Grant:
        """Ask to send one request, reserving ``tokens`` (estimated input plus maximum output) and ``cost``."""
        ...

    async def settle(self, principal: str, limits: Limits, tokens: int, cost: float, window: int = 0) -> None:
        """Correct a reservation: add ``tokens`` and ``cost`` (negative: give back) to the window's sum.

        Args:
            window: the grant's; 0 means the current one. What would be given back to a window that is over is dropped,
                what was used beyond the reservation is charged to the current one.
        """
        ...

    async def record_block(self, principal: str, limits: Limits) -> None:
        """Count one block towards the principal's cool-down."""
        ...

    async def admit_call(self, use: ToolUse, limits: ToolLimits) -> Grant:
        """See :class:`bartizan.core.tool_budget.ToolQuota`."""
        ...

    async def settle_call(self, use: ToolUse, limits: ToolLimits, ran: bool, window: int = 0) -> None:
        """See :class:`bartizan.core.tool_budget.ToolQuota`."""
        ...

    async def take_once(self, owner: str, name: str, seconds: float) -> bool:
        """See :class:`bartizan.core.once.Once`."""
        ...

    async def observe(self, principal: str, stream: str, rules: WatchRules, queries: bytes) -> Watched:
        """See :class:`bartizan.core.query_watch.QueryWatch`."""
        ...

    async def tell_classes(self, principal: str, stream: str, rules: WatchRules, first: int, classes: bytes) -> None:
        """See :class:`bartizan.core.query_watch.QueryWatch`."""
        ...

    async def quarantine(self, principal: str) -> None:
        """Refuse a principal, EVERYONE or a ``session_target`` until released; survives restarts."""
        ...

    async def release(self, principal: str) -> None:
        """End a quarantine, and a cool-down."""
        ...

    async def publish(self, snapshot: Snapshot) -> None:
        """Put a snapshot in force. Raises KeeperError unless its version is higher, or it is the one in force."""
        ...

    async def current_snapshot(self) -> Snapshot | None:
        """The snapshot in force; None after a start of the keeper until its supervisor publishes one."""
        ...

    async def wait_snapshot(self, after_version: int) -> Snapshot:
        """Wait, without limit, for a snapshot in force whose version is higher; outlasts losses of the connection."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
