"""Line charts as inline SVG, with linear or logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence

from bartizan.reporting.audit import Curve
from bartizan.reporting.axes import number, points_of, scale, ticks
from bartizan.reporting.html import Html, el

_WIDTH, _HEIGHT = 680, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 250, 26, 44
_DASHES = ("", "7 3", "2 3", "9 3 2 3")


def line_chart(curves: Sequence[Curve]) -> Html:
    """Curves of one chart: axes as the first says. Points that a logarithm cannot show are left out.

    Raises:
        ValueError: no curve, or not one point that can be shown.
    """
    first = curves[0]
    shown = [points_of(one, first.log_x, first.log_y) for one in curves]
    every = [point for points in shown for point in points]
    if not every:
        raise ValueError(f"{first.chart}: nothing can be shown")
    across = scale([x for x, _ in every], first.log_x, _LEFT, _WIDTH - _RIGHT)
    up = scale([y for _, y in every], first.log_y, _HEIGHT - _BOTTOM, _TOP)
    parts: list[Html] = [el("title", first.chart)]
    for value in ticks([x for x, _ in every], first.log_x):
        x = across(value)
        parts.append(el("line", x1=x, x2=x, y1=_TOP, y2=_HEIGHT - _BOTTOM, cls="grid"))
        parts.append(el("text", number(value), x=x, y=_HEIGHT - _BOTTOM + 16, text_anchor="middle", cls="axis"))
    for value in ticks([y for _, y in every], first.log_y):
        y = up(value)
        parts.append(el("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, cls="grid"))
        parts.append(el("text", number(value), x=_LEFT - 6, y=y + 4, text_anchor="end", cls="axis"))
    parts.append(
        el("text", first.x_label, x=(_LEFT + _WIDTH - _RIGHT) / 2, y=_HEIGHT - 8, text_anchor="middle", cls="axis")
    )
    parts.append(el("text", first.y_label, x=4, y=12, cls="axis"))
    for place, (curve, points) in enumerate(zip(curves, shown, strict=True)):
        if not points:
            continue
        path = " ".join(f"{'L' if at else 'M'}{across(x):.1f} {up(y):.1f}" for at, (x, y) in enumerate(points))
        style = f"line line-{place % 4}"
        parts.append(el("path", d=path, cls=style, stroke_dasharray=_DASHES[place % 4] or None))
        key = _TOP + 14 + 20 * place
        left = _WIDTH - _RIGHT + 12
        parts.append(el("path", d=f"M{left} {key} h22", cls=style, stroke_dasharray=_DASHES[place % 4] or None))
        parts.append(el("text", curve.name, x=left + 28, y=key + 4, cls="axis"))
    return el(
        "svg", parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=first.chart, cls="chart lines",
        focusable="false",
    )  # fmt: skip
