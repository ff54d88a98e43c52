"""The report of a before-and-after assessment as one HTML file, for the manager who reads the top and the engineer who
reads on. It loads nothing, runs nothing, and treats every transcript as hostile."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from bartizan.core.clock import rfc3339
from bartizan.core.stats import Rate
from bartizan.reporting.assessment import HIT, Assessment, Case
from bartizan.reporting.charts import Bar, Row, rate_chart
from bartizan.reporting.html import Html, el, page
from bartizan.reporting.last_act import last_act
from bartizan.reporting.method import method, ms, span
from bartizan.reporting.transcript import attack_transcript, benign_transcript

_TURRET = "M4 2h4v3h3V2h4v3h3V2h4v8l-3 2v6l-2 4h-8l-2-4v-6l-3-2z"


def render(assessment: Assessment) -> str:
    """The whole document."""
    style = (files(__package__) / "style.css").read_text("utf-8")
    return page(
        f"Bartizan: {assessment.title}",
        style,
        el("header", _brand(assessment), _headline(assessment)),
        el(
            "main",
            _tiles(assessment),
            _got_through(assessment),
            *last_act(assessment),
            _by_technique(assessment),
            _lost(assessment),
            _all_attacks(assessment),
            _all_benign(assessment),
            method(assessment),
        ),
        el(
            "footer",
            "Written by Bartizan. Everything on this page was measured in one run; nothing is loaded from elsewhere.",
        ),
    )


def _brand(assessment: Assessment) -> Html:
    mark = el("svg", el("path", d=_TURRET), viewBox="0 0 26 26", aria_hidden="true")
    return el(
        "div",
        mark,
        el("b", "Bartizan"),
        f"{assessment.title} · {rfc3339(assessment.at)[:16].replace('T', ' ')} UTC",
        cls="brand",
    )


def _headline(assessment: Assessment) -> list[Html]:
    before, after, kept = assessment.before, assessment.after, assessment.kept
    return [
        el(
            "h1",
            f"{before.successes} of {before.n} attacks reached their goal without the gateway, "
            f"{after.successes} of {after.n} with it",
        ),
        el(
            "p",
            "A real language model behind a small help desk was attacked twice with the same cases: directly, and "
            "through the Bartizan gateway. ",
            el("b", f"{kept.successes} of {kept.n} legitimate requests were still answered"),
            f", and the gateway added {ms(assessment.latency.p50.value)} ms to an answer at the median.",
            cls="lead",
        ),
    ]


def _tiles(assessment: Assessment) -> Html:
    latency = assessment.latency
    return el(
        "div",
        _rate_tile("Attacks that succeeded without the gateway", assessment.before, "bad"),
        _rate_tile(
            "Attacks that succeeded through the gateway",
            assessment.after,
            "bad" if assessment.after.successes else "good",
        ),
        _rate_tile("Legitimate requests that were kept", assessment.kept, "good"),
        el(
            "div",
            el("div", "Latency added by the gateway, median", cls="name"),
            el("div", ms(latency.p50.value), el("small", " ms"), cls="figure"),
            el("div", f"95% interval {span(latency.p50)} ms", cls="detail"),
            el("div", f"p95 {ms(latency.p95.value)} ms ({span(latency.p95)}), n = {latency.n}", cls="detail"),
            cls="tile",
        ),
        cls="tiles",
    )


def _rate_tile(name: str, rate: Rate, kind: str) -> Html:
    low, high = rate.interval
    figure = f"{rate.value:.0%}" if rate.n else "–"
    if rate.n and not rate.successes:
        figure = f"0 of {rate.n}"
    return el(
        "div",
        el("div", name, cls="name"),
        el("div", figure, cls="figure"),
        el("div", f"{rate.successes} of {rate.n}", cls="detail"),
        el("div", f"95% interval {100 * low:.1f} to {high:.1%}", cls="detail"),
        cls=f"tile {kind}",
    )


def _got_through(assessment: Assessment) -> Html:
    cases = assessment.got_through
    if not cases:
        _, high = assessment.after.interval
        body: list[Html] = [
            el(
                "p",
                f"None of the {assessment.after.n} conclusive attacks of this run got through. That is no proof of "
                f"safety: up to {high:.1%} of attacks like these cannot be ruled out (95% interval).",
                cls="card none",
            )
        ]
    else:
        body = [
            el("p", "These are the cases to work on next. Each shows what was sent and what came back.", cls="note"),
            *(attack_transcript(case, assessment.secret, opened=index < 3) for index, case in enumerate(cases)),
        ]
    return el("section", el("h2", "What still got through"), body)


def _by_technique(assessment: Assessment) -> Html:
    everything = Row("all attacks", (Bar("before", assessment.before), Bar("after", assessment.after)))
    rows = [
        Row(name.replace("_", " "), (Bar("before", before), Bar("after", after)))
        for name, before, after in assessment.groups()
    ]
    legend = el(
        "p",
        el("span", el("i", cls="before"), "without the gateway"),
        el("span", el("i", cls="after"), "through the gateway"),
        el("span", "Lines are 95% Wilson intervals."),
        cls="legend",
    )
    p = assessment.change.exact
    shown = "p below 0.0001" if p < 0.0001 else f"p = {p:.4f}"
    return el(
        "section",
        el("h2", "Attack success by technique"),
        el(
            "div",
            legend,
            rate_chart("Attack success by technique, without and with the gateway", [everything, *rows]),
            cls="card",
        ),
        el(
            "p",
            f"The cases are paired, so the change is tested pairwise: McNemar's exact test gives {shown}.",
            cls="note",
        ),
    )


def _lost(assessment: Assessment) -> Html:
    lost = assessment.lost
    heading = el("h2", "Legitimate requests that were refused")
    if not lost:
        _, high = Rate(0, assessment.kept.n).interval
        text = (
            f"None of {assessment.kept.n} was refused; a rate of wrong refusals up to {high:.1%} cannot be ruled out "
            "(95% interval)."
        )
        return el("section", heading, el("p", text, cls="card none"))
    note = "Each of these is a cost of the present policy."
    return el(
        "section",
        heading,
        el("p", note, cls="note"),
        [benign_transcript(case, assessment.secret, opened=True) for case in lost],
    )


def _all_attacks(assessment: Assessment) -> Html:
    parts: list[Html] = []
    for name, before, after in assessment.groups():
        cases = [case for case in assessment.attacks if case.group == name]
        parts.append(el("h3", name.replace("_", " ").capitalize()))
        parts.append(el("p", f"Without the gateway {before}; through it {after}.", cls="note"))
        parts += [attack_transcript(case, assessment.secret) for case in _worst_first(cases)]
    return el("section", el("h2", f"Every attack ({len(assessment.attacks)})"), parts)


def _worst_first(cases: Sequence[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (case.guarded.outcome != HIT, case.direct.outcome != HIT))


def _all_benign(assessment: Assessment) -> Html:
    unchanged = assessment.unchanged
    spilled = [case for case in assessment.benign if case.direct.outcome != HIT]
    notes = f"Of the kept answers, {unchanged} arrived word for word as without the gateway."
    if spilled:
        notes += (
            f" {len(spilled)} could not be counted, because the answer without the gateway was empty, failed, or gave "
            "the secret away unasked."
        )
    return el(
        "section",
        el("h2", f"Every legitimate request ({len(assessment.benign)})"),
        el("p", notes, cls="note"),
        [benign_transcript(case, assessment.secret) for case in assessment.benign],
    )
