"""What a principal may use: rates, budgets, cool-down."""

from __future__ import annotations

from typing import Literal

import msgspec


class RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``requests`` per ``seconds``, of which ``burst`` may come at once (GCRA, ITU-T I.371)."""

    requests: int
    """Requests per period."""
    seconds: float = 60.0
    """Length of the period."""
    burst: int = 0
    """0: as many as ``requests``."""


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quantity per calendar window (UTC). 0 means no limit."""

    requests: int = 0
    """Requests per window."""
    tokens: int = 0
    """Input and output tokens per window."""
    cost: float = 0.0
    """In the currency of the price list in policy."""
    window: Literal["hour", "day", "month"] = "day"
    """Calendar hour, day or month, UTC."""


class Cooldown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After ``blocks`` blocks within ``seconds`` a principal waits ``pause`` seconds."""

    blocks: int = 10
    """Blocks that start a pause."""
    seconds: float = 60.0
    """Within which the blocks are counted."""
    pause: float = 60.0
    """Length of the pause in seconds."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one principal may use."""

    rate: RateLimit | None = None
    """None: no rate limit."""
    budget: Budget | None = None
    """None: no budget."""
    cooldown: Cooldown | None = Cooldown()
    """None: repeated blocks have no consequence."""
