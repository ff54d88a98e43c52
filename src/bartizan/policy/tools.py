"""The schema of the ``tools`` section of ``policy.yaml``: how tool calls in the answers of models are decided."""

from __future__ import annotations

from typing import Literal

import msgspec


class ToolPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tool calls that models ask for, decided before the client sees them."""

    guard: Literal["strict", "balanced", "observe", "none"] = "balanced"
    """Policy pack of the tool guard. `observe` only records what `balanced` would have done; `none` decides nothing."""
