"""Observations as findings of a scan."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.core.problem import printable
from bartizan.supplychain.datasets import rules
from bartizan.supplychain.datasets.interface import Observation, Table
from bartizan.supplychain.interface import ArtefactFinding, Context

_SAID = {
    rules.ENCODING: "Readers make different texts of them.",
    rules.RAGGED: "Readers disagree about where their fields belong, or leave them out.",
}
_SHOWN = 5


def noted(table: Table) -> Iterator[Observation]:
    """What was odd about the rows as such, after they were read."""
    for rule, count in table.notes.items():
        yield Observation(rule=rule, explanation=f"{count:,} rows. {_SAID[rule]}", count=count)


def as_artefact(one: Observation) -> ArtefactFinding:
    """A finding about a folder."""
    rule = one.rule
    return ArtefactFinding(
        rule=rule.id,
        title=rule.title,
        admission=rule.admission,
        severity=rule.severity,
        explanation=printable(one.explanation, 1_000),
        evidence=printable(_evidence(one), 200),
        tags=rule.tags,
    )


def found_in(one: Observation, context: Context) -> ArtefactFinding:
    """One finding for all its rows; the first of them stand in ``evidence``."""
    return context.found(one.rule, one.explanation, evidence=_evidence(one))


def _evidence(one: Observation) -> str:
    rows = ", ".join(one.rows[:_SHOWN])
    more = f" and {one.count - _SHOWN:,} more" if one.count > _SHOWN else ""
    return ": ".join(filter(None, (f"rows {rows}{more}" if rows else "", one.evidence)))
