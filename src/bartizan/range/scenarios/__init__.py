"""Exercises on the range, graded on the attack and on the defence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bartizan.range.scenarios.interface import Scenario
from bartizan.range.scenarios.leaky_help_desk import LEAKY_HELP_DESK

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({LEAKY_HELP_DESK.id: LEAKY_HELP_DESK})
"""By id."""

__all__ = ["SCENARIOS", "Scenario"]
