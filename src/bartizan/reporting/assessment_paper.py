"""The report of a before-and-after assessment in pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bartizan.core.clock import rfc3339
from bartizan.core.stats import Rate
from bartizan.reporting.assessment import Assessment, Case, Exchange
from bartizan.reporting.charts import Bar, Row
from bartizan.reporting.document import Bars, Block, Document, Grid, Heading, Paragraph, Quoted
from bartizan.reporting.last_act import described, summary
from bartizan.reporting.method import LIMITS, facts, ms, span, steps
from bartizan.reporting.transcript import CARRIERS


def paper(assessment: Assessment) -> Document:
    """The whole report. Cases that did what they should not are whole, the others are rows."""
    before, after = assessment.before, assessment.after
    return Document(
        title=f"{before.successes} of {before.n} attacks reached their goal without the gateway, "
        f"{after.successes} of {after.n} with it",
        subtitle=f"{assessment.title} · {rfc3339(assessment.at)[:16].replace('T', ' ')} UTC",
        at=assessment.at,
        blocks=(*_figures(assessment), *_worst(assessment), *_act(assessment), *_rows(assessment), *_how(assessment)),
    )


def _figures(assessment: Assessment) -> Iterator[Block]:
    latency = assessment.latency
    yield Heading("Figures")
    rows = (
        ("attacks that succeeded without the gateway", _rate(assessment.before)),
        ("attacks that succeeded through the gateway", _rate(assessment.after)),
        ("legitimate requests that were kept", _rate(assessment.kept)),
        ("latency added, median", f"{ms(latency.p50.value)} ms ({span(latency.p50)}), n = {latency.n}"),
        ("latency added, p95", f"{ms(latency.p95.value)} ms ({span(latency.p95)}), n = {latency.n}"),
    )
    yield Grid(("", "figure (95% interval)"), rows, (1, 1))
    yield Heading("Attack success by technique")
    yield Bars(
        "by technique, without and with the gateway",
        tuple(
            Row(name.replace("_", " "), (Bar("before", before), Bar("after", after)))
            for name, before, after in (("all attacks", assessment.before, assessment.after), *assessment.groups())
        ),
    )
    yield Paragraph("The upper bar of each pair is without the gateway, the lower one with it.", quiet=True)
    yield Paragraph(f"McNemar's exact test over the pairs: p = {assessment.change.exact:.2g}.", quiet=True)


def _worst(assessment: Assessment) -> Iterator[Block]:
    yield Heading("What still got through")
    if not assessment.got_through:
        _, high = assessment.after.interval
        yield Paragraph(
            f"None of {assessment.after.n} conclusive attacks. Up to {high:.1%} of attacks like these cannot be ruled "
            "out (95% interval)."
        )
    yield from _cases(assessment.got_through)
    yield Heading("Legitimate requests that were refused")
    if not assessment.lost:
        _, high = Rate(0, assessment.kept.n).interval
        yield Paragraph(f"None of {assessment.kept.n}; a rate up to {high:.1%} cannot be ruled out (95% interval).")
    yield from _cases(assessment.lost)


def _cases(cases: Sequence[Case]) -> Iterator[Block]:
    for case in cases:
        yield Heading(case.title, 2)
        yield Paragraph(f"Case {case.id}, {case.group.replace('_', ' ')}, {CARRIERS.get(case.carrier, case.carrier)}")
        yield Quoted("Sent", case.sent)
        yield Quoted(f"Answer without the gateway: {_outcome(case.direct)}", case.direct.text or case.direct.error)
        yield Quoted(
            f"Answer through the gateway: {_outcome(case.guarded)}",
            case.guarded.text or case.guarded.error,
            struck=True,
        )


def _outcome(exchange: Exchange) -> str:
    return ", ".join(filter(None, (exchange.outcome, exchange.reason, exchange.verdict, exchange.rule)))


def _act(assessment: Assessment) -> Iterator[Block]:
    act = assessment.last_act
    if act is not None:
        yield Heading("The last act: hardening")
        yield Paragraph(summary(assessment, act))
        yield Grid((), tuple((remedy.title, described(remedy)) for remedy in act.remedies), (1, 2))


def _rows(assessment: Assessment) -> Iterator[Block]:
    for title, cases in (("Every attack", assessment.attacks), ("Every legitimate request", assessment.benign)):
        yield Heading(f"{title} ({len(cases)})")
        rows = tuple((case.title, case.direct.outcome, _outcome(case.guarded)) for case in cases)
        yield Grid(("case", "without", "with the gateway"), rows, (3, 1, 3))


def _how(assessment: Assessment) -> Iterator[Block]:
    yield Heading("Method")
    yield from (Paragraph(text) for text in steps(assessment))
    yield Heading("Limits")
    yield from (Paragraph(text) for text in LIMITS)
    yield Heading("What was used")
    yield Grid((), tuple(facts(assessment)), (1, 3))


def _rate(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.successes} of {rate.n} ({100 * low:.1f}–{high:.1%})" if rate.n else "not measured"
