"""What a hunt is: a guess about what somebody may be doing, and the question that would show it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bartizan.core.threat import Threat


class Chart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bar for each row."""

    label: str
    """Column that names the bar."""
    value: str
    """Column of numbers."""


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often the rule of a hunt's row must hold before it fires."""

    by: tuple[str, ...]
    """Fields of the record to group by."""
    within: str
    """A time span such as ``1h``."""
    at_least: int
    distinct: str = ""
    """Count different values of this field instead of records."""


class RuleSketch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rule that a row of the answer becomes."""

    title: str
    level: Literal["low", "medium", "high", "critical"] = "medium"
    match: dict[str, Any]
    """Fields and values of the record, as Sigma writes them."""
    columns: dict[str, str] = {}
    """Fields of the record whose value comes from the row: field to column."""
    count: Count | None = None


class Hunt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One hunt, as it stands in a file of the library."""

    id: str
    title: str
    threat: Threat
    techniques: tuple[str, ...]
    """Tags as rules carry them."""
    hypothesis: str
    """What may be going on."""
    data: str
    """Which records show it, and what would have to be recorded for it to be seen."""
    query: str
    """One SELECT over the views of the lake, of the time from ``$1`` to ``$2``."""
    read: str
    """How to read the answer."""
    unit: str
    """What a row stands for, in the plural: ``principals``."""
    population: str
    """One SELECT of how many such there are in that time."""
    chart: Chart | None = None
    rule: RuleSketch | None = None
