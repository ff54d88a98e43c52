"""Charts as inline SVG: rates as bars with their 95% intervals. No script, no font, no colour that print loses."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bartizan.core.stats import Rate
from bartizan.reporting.html import Html, el

_WIDTH = 760
_LABEL = 210
_VALUE = 140
_BAR = 14
_GAP = 5
_PAD = 16


class Bar(msgspec.Struct, frozen=True):
    """One rate in a chart."""

    series: str
    """CSS class that colours it: ``before``, ``after`` or ``kept``."""
    rate: Rate


class Row(msgspec.Struct, frozen=True):
    """One label with its bars."""

    label: str
    bars: tuple[Bar, ...]


def rate_chart(title: str, rows: Sequence[Row]) -> Html:
    """Horizontal bars from 0 to 100%, whiskers for the 95% Wilson interval, counts at the right edge."""
    heights = [len(row.bars) * (_BAR + _GAP) - _GAP + _PAD for row in rows]
    total = sum(heights) + 34
    plot = _WIDTH - _LABEL - _VALUE
    parts: list[Html] = [el("title", title)]
    for percent in (0, 25, 50, 75, 100):
        x = _LABEL + plot * percent / 100
        parts.append(el("line", x1=x, x2=x, y1=4, y2=total - 26, cls="grid"))
        parts.append(el("text", f"{percent}%", x=x, y=total - 8, text_anchor="middle", cls="axis"))
    y = 8.0
    for row, height in zip(rows, heights, strict=True):
        middle = y + (height - _PAD) / 2 + 4.5
        parts.append(el("text", row.label, x=_LABEL - 12, y=middle, text_anchor="end", cls="label"))
        for index, bar in enumerate(row.bars):
            parts += _bar(bar, y + index * (_BAR + _GAP), plot)
        y += height
    return el(
        "svg", parts, viewBox=f"0 0 {_WIDTH} {total}", role="img", aria_label=title, cls="chart", focusable="false"
    )


def _bar(bar: Bar, y: float, plot: float) -> list[Html]:
    rate = bar.rate
    value_x = _WIDTH - _VALUE + 12
    baseline = y + _BAR - 3
    if rate.n == 0:
        return [el("text", "not measured", x=value_x, y=baseline, cls="value")]
    low, high = rate.interval
    middle = y + _BAR / 2
    left, right = _LABEL + plot * low, _LABEL + plot * high
    return [
        el("rect", x=_LABEL, y=y, width=plot, height=_BAR, rx=3, cls="track"),
        el("rect", x=_LABEL, y=y, width=max(plot * rate.value, 1.5), height=_BAR, rx=3, cls=f"bar {bar.series}"),
        el("line", x1=left, x2=right, y1=middle, y2=middle, cls="whisker"),
        el("line", x1=left, x2=left, y1=middle - 4, y2=middle + 4, cls="whisker"),
        el("line", x1=right, x2=right, y1=middle - 4, y2=middle + 4, cls="whisker"),
        el("text", f"{rate.successes} of {rate.n}", x=value_x, y=baseline, cls="value"),
        el("text", f"{rate.value:.0%}", x=_WIDTH - 2, y=baseline, text_anchor="end", cls="value strong"),
    ]
