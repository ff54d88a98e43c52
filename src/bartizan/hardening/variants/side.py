"""The two sides of every family of variants."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """What material a variant is made of."""

    LEARN = "learn"
    """What candidates may be made from."""
    HELD = "held"
    """What they are tried on."""
