"""Two audits side by side: what got better, what got worse, and what the rows cannot tell."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bartizan.core.stats import newcombe
from bartizan.reporting.audit import Measure, ModelAudit, Outcome

_RISES = ("robust_accuracy", "certified_accuracy")
"""Beginnings of figures that are better when they are higher; all others are figures of an attack."""


class Change(StrEnum):
    """What a comparison says of one figure."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "no difference shown"
    UNKNOWN = "not comparable"


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One figure in both audits."""

    audit: str
    measure: str
    before: Measure
    after: Measure
    difference: tuple[float, float] | None
    """95% interval of after less before (Newcombe's, for independent rows); None where the figure is no rate."""
    change: Change


def compare(before: ModelAudit, after: ModelAudit) -> tuple[Compared, ...]:
    """Every figure that both have, of audits that could tell something in both.

    Audits made with other settings are named as not comparable rather than compared.
    """
    pairs = []
    later = {one.audit: one for one in after.results}
    for one in before.results:
        other = later.get(one.audit)
        if other is None or Outcome.INCONCLUSIVE in (one.outcome, other.outcome):
            continue
        figures = {each.name: each for each in other.measures}
        alike = one.settings == other.settings
        pairs += [
            _compared(one.audit, each, figures[each.name], alike) for each in one.measures if each.name in figures
        ]
    return tuple(pairs)


def _compared(audit: str, one: Measure, other: Measure, alike: bool) -> Compared:
    difference = None
    change = Change.UNKNOWN
    if one.interval is not None and other.interval is not None and one.n and other.n and one.is_rate and other.is_rate:
        difference = newcombe(other.value * other.n, other.n, one.value * one.n, one.n)
        if alike:
            rise = 1 if difference[0] > 0 else -1 if difference[1] < 0 else 0
            good = rise if one.name.startswith(_RISES) else -rise
            change = {1: Change.BETTER, -1: Change.WORSE, 0: Change.SAME}[good]
    return Compared(audit=audit, measure=one.name, before=one, after=other, difference=difference, change=change)
