"""A weakness that was shown, with everything needed to show it again."""

from __future__ import annotations

import msgspec

from bartizan.core.threat import Severity, Threat


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A demonstrated weakness."""

    id: str
    title: str
    threat: Threat
    techniques: tuple[str, ...]
    severity: Severity
    confidence: float
    """In [0, 1]."""
    subject: str
    """What is weak: a component of system.yaml, a model digest, a URL."""
    evidence: tuple[str, ...]
    reproduction: str
    """The exact command that shows it again."""
    remediation: str
