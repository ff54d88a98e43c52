"""Controls of our own, and the dated observations that back them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bartizan.core.threat import Threat


class Reference(msgspec.Struct, frozen=True):
    """A row of an external framework, always with its edition: ``OWASP-LLM-2026:LLM03``."""

    framework: str
    edition: str
    id: str

    def __str__(self) -> str:
        return f"{self.framework}-{self.edition}:{self.id}"


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """Something that lowers a risk, and what would show that it does."""

    id: str
    title: str
    threats: tuple[Threat, ...]
    verification: str
    """The observation that would verify it."""
    references: tuple[Reference, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A dated observation about a control."""

    id: str
    control: str
    method: str
    n: int
    result: float
    """A rate in [0, 1]."""
    interval: tuple[float, float]
    """95% interval of ``result``."""
    digest: str
    """SHA-256 of the material observed."""
    observed_at: datetime
    expires_at: datetime
    enforced: bool = True
    """False for an observation made in monitor mode, which proves nothing about enforcement."""
