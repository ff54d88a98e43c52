"""A run in pages: what the HTML report says, for those who file reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bartizan.core.stats import Rate
from bartizan.redteam.findings import RedTeamFinding, findings_of
from bartizan.redteam.reports.words import AXES, HIT, counted, untested
from bartizan.redteam.results import Run
from bartizan.redteam.statistics import Cell, table
from bartizan.redteam.taxonomy import EntryPoint
from bartizan.redteam.verdicts import exit_code
from bartizan.reporting.charts import Bar, Row
from bartizan.reporting.document import Bars, Block, Document, Grid, Heading, HeatMap, Paragraph, Quoted

SHOWN = 100
"""Findings with their transcripts; the rest are rows of a table."""


def paper(run: Run) -> Document:
    """The whole report: verdict, figures, heat map, findings with the worst first, what was not tested, method."""
    plan = run.plan
    findings = findings_of(run)
    (total,) = table(run, ()).cells
    return Document(
        title=f"{len(findings)} of {len(plan.cases)} attacks reached their goal at {plan.target}",
        subtitle=f"{plan.name} · {plan.started[:16].replace('T', ' ')} UTC",
        at=datetime.fromisoformat(plan.started),
        blocks=(
            *_head(run, findings, total),
            *_figures(run, total),
            *_findings(findings),
            *_axes(run),
            *_untested(run),
            *_method(run, total),
        ),
    )


def _head(run: Run, findings: list[RedTeamFinding], total: Cell) -> Iterator[Block]:
    plan = run.plan
    code, why = exit_code(run, findings, plan.thresholds)
    verdict = {0: "Within the thresholds", 1: "Findings", 2: "Inconclusive"}[code]
    yield Paragraph(f"{verdict}: {why}. {total.inconclusive} trials are inconclusive.")
    yield Paragraph(f"Target: {plan.target_kind} {plan.target_url} {plan.model}")
    yield Paragraph(f"Authorised by {plan.authorised_by}: {plan.authorisation}")
    yield from (Paragraph(note.text, quiet=True) for note in run.notes)


def _figures(run: Run, total: Cell) -> Iterator[Block]:
    yield Heading("Figures")
    head = ("trials", "hit at the first attempt (hit@1)", "hit at any attempt (hit@k)", "inconclusive")
    rows = [("all", rate(total.first), rate(total.any), str(total.inconclusive))]
    rows += [
        (cell.name[0].replace("_", " "), rate(cell.first), rate(cell.any), str(cell.inconclusive))
        for cell in table(run, ("entry_point",)).cells
    ]
    yield Grid(head, tuple(rows), (2, 3, 3, 1.4))
    yield Paragraph(f"{len(run.trials)} of {run.plan.trials} planned trials were played.", quiet=True)
    yield Heading("Entry point by technique")
    yield Paragraph(
        "Trials with a hit of conclusive trials, and the 95% interval. A dash was not tested, a question mark is "
        "inconclusive.",
        quiet=True,
    )
    found = table(run, ("technique", "entry_point"))
    rates = {(cell.name[0], cell.name[1]): cell.any for cell in found.cells}
    techniques = sorted({name for name, _ in rates} | {one.technique for one in run.plan.untested})
    yield HeatMap(tuple(techniques), tuple(EntryPoint), rates)
    if found.note:
        yield Paragraph(found.note, quiet=True)


def _findings(findings: list[RedTeamFinding]) -> Iterator[Block]:
    yield Heading("Findings, the worst first")
    if not findings:
        yield Paragraph("No case reached its goal. That is no proof of safety: see the intervals.")
    for one in findings[:SHOWN]:
        low, high = one.interval
        way = f"strategy {one.strategy}, converters {'+'.join(one.converters) or 'none'}"
        yield Heading(f"{one.severity.capitalize()}: {one.title}", 2)
        yield Paragraph(
            f"{one.hits} of {one.trials} trials (95% interval {low:.1%} to {high:.1%}); {one.entry_point} > "
            f"{one.objective}, {one.technique}; {way}",
        )
        for message in one.request:
            yield Quoted(f"{message.role.replace('_', ' ')} {message.title}".strip(), message.text)
        yield Quoted("Reply", one.response or "(no text)", struck=True)
        yield from (Quoted("Tool call", f"{call['name']}({call['arguments']})", struck=True) for call in one.calls)
        yield Quoted(f"What decided: {one.evidence.oracle}, {one.evidence.reason}", one.evidence.piece, struck=True)
        yield Paragraph(f"{one.id}, case {one.case}; {', '.join(one.references)}", quiet=True)
        yield Paragraph(one.reproduction, quiet=True)
    if rest := findings[SHOWN:]:
        yield Heading("Further findings", 2)
        rows = tuple((one.severity, one.title, f"{one.hits} of {one.trials}", one.id) for one in rest)
        yield Grid(("severity", "finding", "trials", "id"), rows, (1, 4, 1, 2))


def _axes(run: Run) -> Iterator[Block]:
    for axis, title in AXES:
        cells = table(run, (axis,)).cells
        if len(cells) > 1:
            yield Heading(f"Attack success by {title.lower()}", 2)
            rows = (Row(cell.name[0].replace("_", " "), (Bar("before", cell.any),)) for cell in cells[:40])
            yield Bars(f"Success by {title.lower()}", tuple(rows))


def _untested(run: Run) -> Iterator[Block]:
    yield Heading("What was not tested")
    if rows := untested(run):
        yield Grid(("what", "number", "why"), tuple(rows), (2, 1, 6))
    else:
        yield Paragraph("Every case that the package and the plan know was run.")


def _method(run: Run, total: Cell) -> Iterator[Block]:
    plan = run.plan
    yield Heading("Method")
    yield Paragraph(counted(total))
    yield Paragraph(HIT)
    yield Paragraph(f"Bartizan {plan.product}; seed {plan.seed}; plan {plan.trials_digest}", quiet=True)
    yield Paragraph(f"Target settings {plan.fingerprint}; scope file {plan.scope_sha256}", quiet=True)


def rate(one: Rate) -> str:
    """``3 of 12 (8.9–53.2%)``."""
    low, high = one.interval
    return f"{one.successes} of {one.n} ({100 * low:.1f}–{high:.1%})" if one.n else "not measured"
