"""What gateway workers ask of the keeper. The embedded keeper and Valkey answer alike."""

from __future__ import annotations

from typing import Protocol

import msgspec

from bartizan.core.limits import Limits


class Grant(msgspec.Struct, frozen=True):
    """The answer to an admission request."""

    allowed: bool
    reason: str = ""
    """``rate``, ``budget.requests``, ``budget.tokens``, ``budget.cost``, ``cooldown`` or ``quarantine``."""
    retry_after: float = 0.0
    """Seconds; 0 if unknown."""


class Keeper(Protocol):
    """Shared state with one meaning for one worker or eight. Every call raises KeeperError when it is out of reach."""

    async def admit(self, principal: str, limits: Limits, tokens: int = 0, cost: float = 0.0) -> Grant:
        """Ask to send one request, reserving ``tokens`` (estimated input plus maximum output) and ``cost``."""
        ...

    async def settle(self, principal: str, limits: Limits, tokens: int, cost: float) -> None:
        """Correct the last reservation: add ``tokens`` and ``cost`` (negative: give back) to the window's sum."""
        ...

    async def record_block(self, principal: str, limits: Limits) -> None:
        """Count one block towards the principal's cool-down."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
