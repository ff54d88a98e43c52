"""What a principal may use: rates, budgets, cool-down."""

from __future__ import annotations

from typing import Literal

import msgspec


class RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``requests`` per ``seconds``, of which ``burst`` may come at once (GCRA, ITU-T I.371)."""

    requests: int
    seconds: float = 60.0
    burst: int = 0
    """0: as many as ``requests``."""


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quantity per calendar window (UTC). 0 means no limit."""

    requests: int = 0
    tokens: int = 0
    cost: float = 0.0
    """In the currency of the price list in policy."""
    window: Literal["hour", "day", "month"] = "day"


class Cooldown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After ``blocks`` blocks within ``seconds`` a principal waits ``pause`` seconds."""

    blocks: int = 10
    seconds: float = 60.0
    pause: float = 60.0


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one principal may use."""

    rate: RateLimit | None = None
    budget: Budget | None = None
    cooldown: Cooldown | None = Cooldown()
