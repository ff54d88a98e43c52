"""The report of a model audit as one HTML file. It loads nothing and runs nothing; names in it may be hostile."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby

from bartizan.reporting.audit import AuditResult, Comparison, Curve, Measure, ModelAudit, NamedRow, Outcome, Picture
from bartizan.reporting.html import Html, el, page
from bartizan.reporting.line_chart import line_chart
from bartizan.reporting.png import png

_TAGS = {Outcome.WEAK: "hit", Outcome.WITHSTOOD: "stopped", Outcome.INCONCLUSIVE: "unsure"}
BOUND = (
    "An audit shows what these attacks reached within their budgets. Other attacks, or these with more effort, may "
    "reach more: every figure for what a model withstood is an upper bound, none is a proof."
)


def render(audit: ModelAudit) -> str:
    """The whole document."""
    style = (files(__package__) / "style.css").read_text("utf-8")
    return page(
        f"Bartizan: audit of {audit.model}",
        style,
        el("header", _brand(audit), _head(audit)),
        el("main", _summary(audit), [_result(one) for one in audit.results], _skipped(audit), _used(audit)),
        el("footer", "Written by Bartizan. Measured in one run."),
        pictures=True,
    )  # fmt: skip


def _brand(audit: ModelAudit) -> Html:
    return el("div", el("b", "Bartizan"), f"model audit · {audit.at[:16].replace('T', ' ')} UTC", cls="brand")


def headline(audit: ModelAudit) -> str:
    """How many audits found the model weak."""
    counts = {kind: sum(one.outcome is kind for one in audit.results) for kind in Outcome}
    words = f"{counts[Outcome.WEAK]} of {len(audit.results)} audits found {audit.model} weak"
    if counts[Outcome.INCONCLUSIVE]:
        words += f", {counts[Outcome.INCONCLUSIVE]} could not tell"
    return words


def _head(audit: ModelAudit) -> list[Html]:
    lead = [f"On untouched rows it is right in {figure(audit.accuracy)}. "] if audit.accuracy else []
    return [el("h1", headline(audit)), el("p", lead, BOUND, cls="lead")]


def _summary(audit: ModelAudit) -> Html:
    rows = [
        el(
            "tr",
            el("td", el("a", one.audit, href=f"#{one.audit}"), cls="short"),
            el("td", el("span", one.outcome.value, cls=f"tag {_TAGS[one.outcome]}")),
            el("td", f"{one.measures[0].name.replace('_', ' ')} {figure(one.measures[0])}" if one.measures else ""),
            el("td", one.reason),
        )
        for one in audit.results
    ]
    head = el("tr", [el("th", name, scope="col") for name in ("audit", "outcome", "headline", "why")])
    return el("section", el("h2", "Results"), el("div", el("div", el("table", head, rows), cls="scroll"), cls="card"))


def _result(one: AuditResult) -> Html:
    charts = [line_chart(list(curves)) for curves in charts_of(one.curves)]
    return el(
        "section",
        el("h2", one.title, id=one.audit),
        el("p", el("span", one.outcome.value, cls=f"tag {_TAGS[one.outcome]}"), f" {one.reason}"),
        el("p", one.threat_model, cls="note") if one.threat_model else None,
        el("div", el("div", _measures(one), cls="scroll"), cls="card") if one.measures else None,
        [el("div", chart, cls="card") for chart in charts],
        [_strip(group, list(pictures)) for group, pictures in groupby(one.pictures, lambda each: each.group)],
        el("p", el("b", "What helps: "), one.remediation) if one.remediation else None,
        el("p", el("b", "Not tested: "), "; ".join(one.untested)) if one.untested else None,
        _how(one),
    )


def _measures(one: AuditResult) -> Html:
    def row(what: str, measure: Measure, kind: str) -> Html:
        name = measure.name.replace("_", " ")
        cells = (name, figure(measure), f"{measure.n:,}", " ".join(filter(None, (what, measure.note))))
        return el("tr", [el("td", cell, cls="short" if cell == cells[2] else None) for cell in cells], cls=kind)

    rows = [row("", measure, "") for measure in one.measures]
    rows += [row(f"baseline: {each.what}", each.measure, "note") for each in one.baselines]
    if one.control is not None:
        rows.append(row(f"positive control, {_said(one.control)}: {one.control.what}", one.control.measure, "note"))
    head = el("tr", [el("th", name, scope="col") for name in ("figure", "value (95% interval)", "n", "")])
    return el("table", head, rows)


def _said(control: Comparison) -> str:
    return "succeeded" if control.succeeded else "FAILED"


def figure(measure: Measure) -> str:
    """``62.0% (58.9–65.0%)`` for rates, ``0.672`` and a unit otherwise."""
    rate = measure.is_rate and measure.interval is not None
    value = f"{100 * measure.value:.1f}%" if rate else f"{measure.value:.4g}"
    if measure.interval is not None:
        low, high = measure.interval
        value += f" ({100 * low:.1f}–{100 * high:.1f}%)" if rate else f" ({low:.4g}–{high:.4g})"
    return f"{value} {measure.unit}".strip()


def charts_of(curves: Sequence[Curve]) -> list[list[Curve]]:
    """Curves by the chart that they share."""
    names = dict.fromkeys(curve.chart for curve in curves)
    return [[curve for curve in curves if curve.chart == name] for name in names]


def _strip(group: str, pictures: list[Picture]) -> Html:
    shown = []
    for one in pictures:
        data = base64.b64encode(png(one.width, one.height, one.pixels)).decode()
        image = el(
            "img", src=f"data:image/png;base64,{data}", alt=one.caption, width=112, height=112 * one.height // one.width
        )
        shown.append(el("figure", image, el("figcaption", one.caption)))
    return el("div", el("h3", group) if group else None, el("div", shown, cls="strip"), cls="card")


def facts_of(one: AuditResult) -> list[tuple[str, str]]:
    """How an audit was done; empty values for what it does not say."""
    return [
        ("Algorithm", one.algorithm), ("Papers", "; ".join(one.papers)), ("Access", one.access),
        ("Settings", ", ".join(f"{key} {value}" for key, value in one.settings.items())), ("Seed", str(one.seed)),
        ("Asked", f"{one.queries:,} rows, {one.gradients:,} of them with gradients"), ("Time", f"{one.seconds:.1f} s"),
        ("References", ", ".join(one.techniques)),
        ("Rows named", f"{len(one.suspects):,}: {', '.join(map(str, one.suspects[:40]))}" if one.suspects else ""),
        ("Weightiest rows", "; ".join(named(row) for row in one.named[:20])),
    ]  # fmt: skip


def named(row: NamedRow) -> str:
    """``row 17, label 3, sha256:01234567…``: all of the digest is in the JSON result."""
    return f"row {row.row}, label {row.label}, sha256:{row.digest[:16]}…, weight {row.weight:.3g}"


def _how(one: AuditResult) -> Html:
    rows = [el("tr", el("th", name, scope="row"), el("td", value)) for name, value in facts_of(one) if value]
    return el(
        "details",
        el("summary", el("span", f"How {one.audit} was done", cls="what")),
        el("div", el("table", rows), cls="inside"),
    )


def _skipped(audit: ModelAudit) -> Html | None:
    if not audit.skipped:
        return None
    rows = [el("li", el("code", name), f": {why}") for name, why in audit.skipped.items()]
    return el("section", el("h2", "Not run"), el("ul", rows))


def used(audit: ModelAudit) -> tuple[tuple[str, str], ...]:
    """Model, data and command, for who repeats it."""
    return (
        ("Model", audit.model), ("Its digest", audit.model_digest or "none: an endpoint cannot be pinned"),
        ("Data", audit.data), ("Its digest", audit.data_digest), ("Bartizan", audit.version),
        ("Again with", audit.replay),
    )  # fmt: skip


def _used(audit: ModelAudit) -> Html:
    rows = [el("tr", el("th", name, scope="row"), el("td", value)) for name, value in used(audit) if value]
    return el("section", el("h2", "What was used"), el("div", el("div", el("table", rows), cls="scroll"), cls="card"))
