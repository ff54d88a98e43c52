"""What a principal may use: rates, budgets, cool-down."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.core.quantity import Amount, Natural, Positive, Seconds


class RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``requests`` per ``seconds``, of which ``burst`` may come at once (GCRA, ITU-T I.371)."""

    requests: Natural
    """Requests per period; 0: none."""
    seconds: Seconds = 60.0
    """Length of the period."""
    burst: Natural = 0
    """0: as many as ``requests``."""


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quantity per calendar window (UTC). 0 means no limit."""

    requests: Natural = 0
    """Requests per window."""
    tokens: Natural = 0
    """Input and output tokens per window."""
    cost: Amount = 0.0
    """In the currency of the price list in policy."""
    window: Literal["hour", "day", "month"] = "day"
    """Calendar hour, day or month, UTC."""


class Cooldown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After ``blocks`` blocks within ``seconds`` a principal waits ``pause`` seconds."""

    blocks: Positive = 10
    """Blocks that start a pause."""
    seconds: Seconds = 60.0
    """Within which the blocks are counted."""
    pause: Amount = 60.0
    """Length of the pause in seconds."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one principal may use."""

    rate: RateLimit | None = None
    """None: no rate limit."""
    budget: Budget | None = None
    """None: no budget."""
    cooldown: Cooldown | None = Cooldown()
    """None: repeated blocks have no consequence."""
