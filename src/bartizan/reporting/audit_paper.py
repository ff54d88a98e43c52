"""The report of a model audit in pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from bartizan.reporting.audit import AuditResult, Measure, ModelAudit, Outcome
from bartizan.reporting.audit_report import BOUND, charts_of, facts_of, figure, headline, used
from bartizan.reporting.document import Block, Document, Grid, Heading, Lines, Paragraph, Strip

_ORDER = (Outcome.WEAK, Outcome.INCONCLUSIVE, Outcome.WITHSTOOD)


def paper(audit: ModelAudit) -> Document:
    """The whole report; weak results first."""
    results = sorted(audit.results, key=lambda one: _ORDER.index(one.outcome))
    return Document(
        title=headline(audit),
        subtitle=f"model audit · {audit.at[:16].replace('T', ' ')} UTC",
        at=datetime.fromisoformat(audit.at),
        blocks=(*_summary(audit, results), *(block for one in results for block in _result(one)), *_rest(audit)),
    )


def _summary(audit: ModelAudit, results: list[AuditResult]) -> Iterator[Block]:
    if audit.accuracy:
        yield Paragraph(f"On untouched rows it is right in {figure(audit.accuracy)}, n = {audit.accuracy.n:,}.")
    yield Paragraph(BOUND)
    yield Heading("Results")
    rows = tuple((one.audit, one.outcome.value, _headline(one), one.reason) for one in results)
    yield Grid(("audit", "outcome", "headline (95% interval)", "why"), rows, (2, 1.3, 2.6, 4))


def _headline(one: AuditResult) -> str:
    if not one.measures:
        return ""
    first = one.measures[0]
    return f"{first.name.replace('_', ' ')} {figure(first)}, n = {first.n:,}"


def _result(one: AuditResult) -> Iterator[Block]:
    yield Heading(f"{one.title}: {one.outcome}")
    yield Paragraph(one.reason)
    if one.threat_model:
        yield Paragraph(one.threat_model, quiet=True)
    rows = [_row("", each) for each in one.measures]
    rows += [_row(f"baseline: {each.what}", each.measure) for each in one.baselines]
    if one.control is not None:
        said = "succeeded" if one.control.succeeded else "FAILED"
        rows.append(_row(f"positive control, {said}: {one.control.what}", one.control.measure))
    if rows:
        yield Grid(("figure", "value (95% interval)", "n", ""), tuple(rows), (2.4, 2.2, 0.9, 4))
    yield from (Lines(tuple(curves)) for curves in charts_of(one.curves))
    for group, pictures in groupby(one.pictures, lambda each: each.group):
        yield Strip(group, tuple(pictures))
    if one.remediation:
        yield Paragraph(f"What helps: {one.remediation}")
    if one.untested:
        yield Paragraph(f"Not tested: {'; '.join(one.untested)}")
    yield Grid((), tuple((name, value) for name, value in facts_of(one) if value), (1, 5))


def _row(what: str, measure: Measure) -> tuple[str, ...]:
    note = " ".join(filter(None, (what, measure.note)))
    return (measure.name.replace("_", " "), figure(measure), f"{measure.n:,}", note)


def _rest(audit: ModelAudit) -> Iterator[Block]:
    if audit.skipped:
        yield Heading("Not run")
        yield Grid((), tuple(audit.skipped.items()), (1, 3))
    yield Heading("What was used")
    yield Grid((), tuple((name, value) for name, value in used(audit) if value), (1, 5))
