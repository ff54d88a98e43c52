"""The axes on which a red-team case lies. The technique axis is ``catalog/techniques.yaml``."""

from __future__ import annotations

from enum import StrEnum

from bartizan.core.attack import EntryPoint, Objective

__all__ = ["DIRECT", "Adaptivity", "EntryPoint", "Objective", "Outcome"]

DIRECT = frozenset({EntryPoint.CHAT, EntryPoint.MODEL})
"""Entry points at which the attack is the message itself; at all others it waits where the application will read."""


class Adaptivity(StrEnum):
    """How much an attack learns from the target's replies."""

    STATIC = "static"
    BEST_OF_N = "best_of_n"
    MULTI_TURN = "multi_turn"
    ADAPTIVE = "adaptive"


class Outcome(StrEnum):
    """What became of an attempt."""

    HIT = "hit"
    MISS = "miss"
    INCONCLUSIVE = "inconclusive"
    """An error, an empty or an unreadable reply shows neither. Never counted as a hit."""
