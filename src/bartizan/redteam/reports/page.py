"""A run as one HTML file: figures and heat map, findings with their transcripts, and what was not tested.

It loads nothing, runs nothing, and treats every transcript as hostile.
"""

from __future__ import annotations

from importlib.resources import files

from bartizan import reporting
from bartizan.core.stats import Rate
from bartizan.redteam.findings import Message, RedTeamFinding, findings_of
from bartizan.redteam.reports.words import AXES, HIT, counted, untested
from bartizan.redteam.results import Run
from bartizan.redteam.statistics import Cell, table
from bartizan.redteam.taxonomy import EntryPoint
from bartizan.redteam.verdicts import exit_code
from bartizan.reporting.charts import Bar, Row, rate_chart
from bartizan.reporting.heat_map import heat_map
from bartizan.reporting.html import Html, el, page, visible

SHOWN = 200
"""Findings with their transcripts; the rest is in the export."""
_OPEN = 3


def html(run: Run) -> bytes:
    """The whole document."""
    style = (files(reporting) / "style.css").read_text("utf-8")
    findings = findings_of(run)
    (total,) = table(run, ()).cells
    document = page(
        f"Bartizan: {run.plan.name}",
        style,
        el("header", _headline(run, findings, total)),
        el("main", _tiles(run, total), _map(run), _worst(findings), _axes(run), _untested(run), _method(run, total)),
        el("footer", "Written by Bartizan. Nothing on this page is loaded from elsewhere."),
    )
    return document.encode()


def _headline(run: Run, findings: list[RedTeamFinding], total: Cell) -> list[Html]:
    plan = run.plan
    code, why = exit_code(run, findings, plan.thresholds)
    verdict = {0: "within the thresholds", 1: "findings", 2: "inconclusive"}[code]
    return [
        el("div", el("b", "Bartizan"), f"{plan.name} · {plan.started[:16].replace('T', ' ')} UTC", cls="brand"),
        el("h1", f"{len(findings)} of {len(plan.cases)} attacks reached their goal at {plan.target}"),
        el("p", el("b", verdict), f": {why}. {total.inconclusive} trials are inconclusive.", cls="lead"),
        el("p", f"{plan.target_kind} · {plan.target_url} {plan.model}", cls="meta"),
        el("p", f"Authorised by {plan.authorised_by}: {plan.authorisation}", cls="meta"),
        el("div", [el("p", note.text, cls="note") for note in run.notes]),
    ]


def _tiles(run: Run, total: Cell) -> Html:
    return el(
        "div",
        _tile("Trials with a hit (hit@k)", total.any),
        _tile("Hit at the first attempt (hit@1)", total.first),
        _count("Trials played", len(run.trials), f"{run.plan.trials} planned, {run.missing} not run yet"),
        _count("Inconclusive", total.inconclusive, "never counted as a hit, nor as a miss"),
        cls="tiles",
    )


def _tile(name: str, rate: Rate) -> Html:
    low, high = rate.interval
    figure = f"{rate.value:.0%}" if rate.successes else f"0 of {rate.n}"
    detail = f"{rate.successes} of {rate.n}, 95% interval {low:.1%} to {high:.1%}"
    kind = "bad" if rate.successes else "good"
    return el(
        "div",
        el("div", name, cls="name"),
        el("div", figure, cls="figure"),
        el("div", detail, cls="detail"),
        cls=f"tile {kind}",
    )


def _count(name: str, figure: int, detail: str) -> Html:
    return el(
        "div", el("div", name, cls="name"), el("div", figure, cls="figure"), el("div", detail, cls="detail"), cls="tile"
    )


def _map(run: Run) -> Html:
    found = table(run, ("entry_point", "technique"))
    rates = {(cell.name[0], cell.name[1]): cell.any for cell in found.cells}
    columns = sorted({technique for _, technique in rates} | {one.technique for one in run.plan.untested})
    rows = [one.value for one in EntryPoint]
    return el(
        "section",
        el("h2", "Entry point by technique"),
        el(
            "p",
            "Trials with a hit of conclusive trials. A dash was not tested, a question mark is inconclusive.",
            cls="note",
        ),
        el("div", heat_map(rows, columns, rates), cls="card"),
        el("p", found.note, cls="note") if found.note else None,
    )


def _worst(findings: list[RedTeamFinding]) -> Html:
    shown = [_finding(one, opened=at < _OPEN) for at, one in enumerate(findings[:SHOWN])]
    if not findings:
        shown = [el("p", "No case reached its goal. That is no proof of safety: see the intervals.", cls="card none")]
    elif len(findings) > SHOWN:
        shown.append(el("p", f"{len(findings) - SHOWN} more are in the JSON export.", cls="note"))
    return el("section", el("h2", "Findings, the worst first"), shown)


def _finding(one: RedTeamFinding, *, opened: bool) -> Html:
    low, high = one.interval
    mark = one.evidence.piece
    tags = (one.severity.value, one.entry_point.value.replace("_", " "), one.objective.value.replace("_", " "))
    return el(
        "details",
        el(
            "summary",
            el("span", one.title, cls="what"),
            el("span", tags[0], cls="tag hit"),
            [el("span", words, cls="tag") for words in tags[1:]],
            el("span", f"{one.hits} of {one.trials}", cls="tag"),
        ),
        el(
            "div",
            el("p", "Finding ", el("code", one.id), " case ", el("code", one.case), f", {one.technique}", cls="meta"),
            el("p", f"Strategy {one.strategy}, converters {'+'.join(one.converters) or 'none'}", cls="meta"),
            el("p", f"{one.hits} of {one.trials} trials (95% interval {low:.1%} to {high:.1%})", cls="meta"),
            [_message(message) for message in one.request],
            el("h4", "Reply"),
            el("pre", visible(one.response, mark) if one.response else "(no text)", cls="hit", dir="auto"),
            [el("pre", visible(f"{call['name']}({call['arguments']})", mark), cls="hit") for call in one.calls],
            el("p", f"{one.evidence.oracle}: {one.evidence.reason}", cls="meta"),
            el("p", el("code", one.reproduction), cls="meta"),
            el("p", " · ".join(one.references), cls="meta"),
            cls="inside",
        ),
        open=opened,
    )  # fmt: skip


def _message(message: Message) -> Html:
    heading = f"{message.role.replace('_', ' ')} {message.title}"
    return el("div", el("h4", heading), el("pre", visible(message.text), dir="auto"))


def _axes(run: Run) -> Html:
    parts: list[Html] = []
    for axis, title in AXES:
        cells = table(run, (axis,)).cells
        if len(cells) > 1:
            rows = [Row(cell.name[0].replace("_", " ")[:34], (Bar("before", cell.any),)) for cell in cells[:40]]
            parts += [el("h3", title), el("div", rate_chart(f"Success by {title.lower()}", rows), cls="card")]
    return el("section", el("h2", "Attack success"), parts) if parts else el("section")


def _untested(run: Run) -> Html:
    rows = [el("tr", [el("td", cell) for cell in row]) for row in untested(run)]
    body: Html = el("p", "Every case that the package and the plan know was run.", cls="card none")
    if rows:
        head = el("tr", el("th", "what"), el("th", "number"), el("th", "why"))
        body = el("div", el("table", head, rows), cls="card scroll")
    return el("section", el("h2", "What was not tested"), body)


def _method(run: Run, total: Cell) -> Html:
    plan = run.plan
    return el(
        "section",
        el("h2", "Method"),
        el("p", counted(total)),
        el("p", HIT),
        el("p", f"Bartizan {plan.product}; seed {plan.seed}; plan {plan.trials_digest}", cls="meta"),
        el("p", f"Target settings {plan.fingerprint}; scope file {plan.scope_sha256[:12]}", cls="meta"),
    )
