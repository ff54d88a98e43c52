"""A table of rates by two axes, shaded by rate; empty places stay visible, because they say what was not tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bartizan.core.stats import Rate
from bartizan.reporting.html import Html, el

_STEPS = 5


def heat_map(rows: Sequence[str], columns: Sequence[str], rates: Mapping[tuple[str, str], Rate]) -> Html:
    """Rows down, columns across; a cell shows successes of n, and its interval as a tooltip."""
    head = el("tr", el("th", ""), [el("th", _words(column)) for column in columns])
    body = [el("tr", el("th", _words(row)), [_cell(rates.get((row, column))) for column in columns]) for row in rows]
    return el("div", el("table", el("thead", head), el("tbody", body), cls="heat"), cls="scroll")


def _cell(rate: Rate | None) -> Html:
    if rate is None:
        return el("td", "–", title="not tested", cls="blank")
    if rate.n == 0:
        return el("td", "?", title="inconclusive", cls="blank")
    low, high = rate.interval
    step = 0 if rate.successes == 0 else 1 + min(int(rate.value * (_STEPS - 1)), _STEPS - 2)
    title = f"{rate.value:.0%} of {rate.n}, 95% interval {low:.1%} to {high:.1%}"
    return el("td", f"{rate.successes}/{rate.n}", title=title, cls=f"heat{step}")


def _words(name: str) -> str:
    return name.replace("_", " ")
