"""How much work one text may cause."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on the views of one text. What is given up because of them is reported as unread."""

    depth: int = 3
    """Transformations that may be undone one inside the other."""
    growth: int = 4
    """Characters of all derived views together, as a multiple of the text's length …"""
    allowance: int = 65_536
    """… plus this many."""
    views: int = 48
    """Derived views at most."""
    context: int = 160
    """Characters of surroundings that a derived view keeps on each side of what was undone."""
