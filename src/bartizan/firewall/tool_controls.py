"""What a policy snapshot says about tool calls."""

from __future__ import annotations

from dataclasses import dataclass

from bartizan.core.tool import ToolGuard
from bartizan.core.tool_budget import ToolLimits, ToolMeter


@dataclass(frozen=True, slots=True)
class ToolControls:
    """Built by the composition root."""

    guard: ToolGuard
    meter: ToolMeter
    limits: ToolLimits
    expires_seconds: float
    """Until an answer that waits for a person is forgotten."""
    monitor: bool = False
    """Policy only observes. Budgets and quarantine hold all the same."""
