"""What the gateway asks before it sends a request on, as a Protocol that every keeper meets by its shape."""

from __future__ import annotations

from typing import Protocol

from bartizan.core.limits import Limits


class Granted(Protocol):
    """The answer to an admission request."""

    @property
    def allowed(self) -> bool:
        """True if the request may go on."""
        ...

    @property
    def reason(self) -> str:
        """Why not: ``rate``, ``budget.requests``, ``budget.tokens``, ``budget.cost``, ``cooldown``, ``quarantine``."""
        ...

    @property
    def retry_after(self) -> float:
        """Seconds until it is worth another try; 0 if unknown."""
        ...

    @property
    def window(self) -> int:
        """Start of the budget window that was charged, in Unix seconds; 0 without a budget."""
        ...


class Quota(Protocol):
    """Rates, budgets and cool-down, shared by all workers. Every call raises KeeperError when out of reach."""

    async def admit(self, principal: str, limits: Limits, tokens: int = 0, cost: float = 0.0) -> Granted:
        """Ask to send one request, reserving ``tokens`` and ``cost``."""
        ...

    async def settle(self, principal: str, limits: Limits, tokens: int, cost: float, window: int = 0) -> None:
        """Correct a reservation by the difference to what was really used; negative gives back.

        ``window`` is the grant's: what was charged to a window that is over is not given back to the next one.
        """
        ...

    async def record_block(self, principal: str, limits: Limits) -> None:
        """Count one block towards the principal's cool-down."""
        ...
