"""What the gateway counts, as a Protocol; ``metrics.py`` counts for Prometheus."""

from __future__ import annotations

from typing import Protocol

from bartizan.core.event import Usage
from bartizan.core.verdict import Action


class Meters(Protocol):
    """Called once per exchange; must not raise."""

    def began(self) -> None:
        """A request's head has arrived."""
        ...

    def ended(self, route: str, status: int, action: Action, seconds: float, inspect_seconds: float) -> None:
        """The exchange is over. ``inspect_seconds`` is negative if nothing was inspected."""
        ...

    def used(self, principal: str, model: str, usage: Usage) -> None:
        """Tokens that the upstream reported."""
        ...


class NoMeters:
    """Counts nothing."""

    def began(self) -> None:
        """See ``Meters.began``."""

    def ended(self, route: str, status: int, action: Action, seconds: float, inspect_seconds: float) -> None:
        """See ``Meters.ended``."""

    def used(self, principal: str, model: str, usage: Usage) -> None:
        """See ``Meters.used``."""
