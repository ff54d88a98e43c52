"""What a detector saw."""

from __future__ import annotations

import msgspec

from bartizan.core.threat import Guard, Severity, Threat


class Span(msgspec.Struct, frozen=True, order=True):
    """Half-open range ``[start, end)`` of characters (code points) in the *original* text."""

    start: int
    end: int


class Signal(msgspec.Struct, frozen=True):
    """One observation by one detector on one passage."""

    detector: str
    """Detector id, such as ``signatures`` or ``secrets``."""
    guard: Guard
    threat: Threat
    technique: str
    """Technique id of the catalogue, such as ``direct_override``."""
    score: float
    """In [0, 1]; compared with the threshold that policy sets for the guard."""
    span: Span
    view: str = "original"
    """The canonical view in which it was seen."""
    rule: str = ""
    """The signature, format or rule that fired."""
    severity: Severity = Severity.MEDIUM
    replacement: str = ""
    """What redaction puts in place of the span; empty for the policy's default marker."""


class UnconfirmedSignal(Signal, frozen=True):
    """It saw what stands around an order, such as "note to the assistant:", or weak evidence, and no order.

    On the wire it is like any signal.
    """
