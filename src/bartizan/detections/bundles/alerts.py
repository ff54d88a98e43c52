"""Each rule as a query for a system: its own where the language says it, else for the finding that Bartizan sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from bartizan.detections.convert import CannotSayError, Target, convert_all
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Correlation, Header, Level

PERIOD: Final = 300
"""Seconds between two runs of a search."""
SLACK: Final = 120
"""Seconds that records may take to arrive."""


class Alert(NamedTuple):
    """One saved search."""

    header: Header
    name: str
    """Its name in the bundle, each once."""
    query: str
    assumptions: tuple[str, ...]
    refused: str
    """Why the query looks for the finding and not for its events; empty if it does look for them."""
    look_back: int
    """Seconds."""

    @property
    def remediation(self) -> str:
        """What the rule says to do."""
        return str(self.header.custom.get("response", ""))


def alerts_of(collection: Collection, target: Target, of_finding: Callable[[str], str]) -> list[Alert]:
    """An alert for each rule whose findings are shown.

    Args:
        collection: the rules.
        target: the language.
        of_finding: the query for the record ``finding.raised`` of a rule, by the rule's id, name or title.

    Raises:
        CannotSayError: a rule's id cannot be written in the language.
    """
    taken: set[str] = set()
    found = []
    for outcome in convert_all(collection, target):
        header = outcome.rule.header
        name = f"Bartizan: {header.title}"
        if name in taken:
            name = f"{name} ({header.key})"
        taken.add(name)
        if outcome.converted is not None:
            span = outcome.rule.timespan if isinstance(outcome.rule, Correlation) else 0
            query, notes, refused = outcome.converted.text, outcome.converted.assumptions, ""
        else:
            span = 0
            query, notes, refused = of_finding(header.key), (), outcome.reason
        found.append(Alert(header, name, query, notes, refused, span + PERIOD + SLACK))
    return found


SEVERITY: Final = {
    Level.INFORMATIONAL: 1, Level.LOW: 2, Level.MEDIUM: 3, Level.HIGH: 4, Level.CRITICAL: 5,
}  # fmt: skip
"""From 1 to 5."""


def quoted(text: str) -> str:
    """A text between double quotes, for the query languages that escape with a backslash. Raises CannotSayError."""
    if any(ord(character) < 32 for character in text):
        raise CannotSayError("a control character in the name of a rule")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
