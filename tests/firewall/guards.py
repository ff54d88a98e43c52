"""Guards for tests: the real detectors and policy, on a handful of patterns that are easy to read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard as GuardName
from bartizan.core.threat import Threat
from bartizan.core.verdict import Action
from bartizan.firewall.guard import Guard
from bartizan.inspection.holdback import HoldBack
from bartizan.inspection.interface import Extent, Pattern, View
from bartizan.inspection.patterns import PatternDetector
from bartizan.policy.document import PolicyDocument, Row
from bartizan.policy.policy import Policy

CANARY = "blue heron nine"


def _pattern(name: str, guard: GuardName, regex: str, extent: Extent, most: int, *stems: str) -> Pattern:
    return Pattern(
        id=name,
        guard=guard,
        threat=Threat.DATA_LEAKAGE,
        technique="t",
        regex=regex,
        extent=extent,
        max_length=most,
        stems=stems,
    )


PATTERNS = {
    GuardName.SECRET: (_pattern("key", GuardName.SECRET, r"\bsk-[A-Za-z0-9]{8,30}\b", Extent.TOKEN, 33, "sk-"),),
    GuardName.OUTPUT_HAZARD: (
        _pattern(
            "image", GuardName.OUTPUT_HAZARD, r"!\[[^\[\]]{0,60}\]\([^()\s]{1,100}\)", Extent.CONSTRUCT, 170, "!["
        ),
    ),
    GuardName.CANARY: (_pattern("canary", GuardName.CANARY, f"(?i){CANARY}", Extent.STEM, len(CANARY), CANARY),),
    GuardName.PROMPT_INJECTION: (
        _pattern("override", GuardName.PROMPT_INJECTION, "(?i)ignore all previous", Extent.STEM, 19, "ignore all"),
    ),
}


class Inspected(msgspec.Struct, frozen=True):
    signals: Sequence[Signal]
    unread: Sequence[str] = ()


class PatternInspector:
    def __init__(self) -> None:
        self._detectors = {guard: PatternDetector(guard.value, guard, rows) for guard, rows in PATTERNS.items()}

    def inspect_full(self, text: str, surface: Surface) -> Inspected:
        views = [View("original", text)]
        found = [s for detector in self._detectors.values() for s in detector.detect(views, surface)]
        return Inspected(found)

    def inspect_surfaces(self, text: str, surfaces: tuple[Surface, ...]) -> list[Inspected]:
        return [self.inspect_full(text, surface) for surface in surfaces]


OUTPUT = {
    GuardName.SECRET: Row(Action.REDACT),
    GuardName.OUTPUT_HAZARD: Row(Action.REDACT),
    GuardName.CANARY: Row(Action.BLOCK),
}


def guard_of(policy: PolicyDocument | None = None) -> Guard:
    """The default policy over the patterns above."""
    holdback = HoldBack([row for rows in PATTERNS.values() for row in rows])
    return Guard(PatternInspector(), Policy(policy or PolicyDocument(version=1)), holdback)
