"""Secrets: credentials in the formats their issuers publish, and values that say they are secret."""

from __future__ import annotations

from bartizan.core.threat import Guard
from bartizan.inspection.interface import Pattern
from bartizan.inspection.patterns import PatternDetector
from bartizan.inspection.secrets.cloud import cloud
from bartizan.inspection.secrets.developer import developer
from bartizan.inspection.secrets.keys import keys
from bartizan.inspection.secrets.labelled import labelled_secrets
from bartizan.inspection.secrets.models import models
from bartizan.inspection.secrets.services import services

__all__ = ["SECRET_PATTERNS", "secret_detector"]


SECRET_PATTERNS: tuple[Pattern, ...] = (
    *keys(),
    *cloud(),
    *developer(),
    *services(),
    *models(),
    *labelled_secrets(),
)
"""Every format, in a stable order."""


def secret_detector() -> PatternDetector:
    """The detector ``secrets`` over all formats."""
    return PatternDetector("secrets", Guard.SECRET, SECRET_PATTERNS, skip=frozenset({"leet"}))
