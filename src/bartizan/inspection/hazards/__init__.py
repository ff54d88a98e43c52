"""Output hazards: output that becomes active in the place where it is shown or run."""

from __future__ import annotations

from bartizan.inspection.hazards.detector import HazardDetector
from bartizan.inspection.hazards.extents import LINK_EXTENTS
from bartizan.inspection.hazards.payloads import PAYLOAD_KINDS, payload_patterns
from bartizan.inspection.interface import Pattern

__all__ = ["HAZARD_PATTERNS", "PAYLOAD_KINDS", "HazardDetector"]

HAZARD_PATTERNS: tuple[Pattern, ...] = (*LINK_EXTENTS, *payload_patterns(PAYLOAD_KINDS))
"""A row for every rule the detector can raise."""
