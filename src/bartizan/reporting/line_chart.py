"""Line charts as inline SVG, with linear or logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from bartizan.reporting.audit import Curve
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
    shown = [_points(one, first.log_x, first.log_y) for one in curves]
    every = [point for points in shown for point in points]
    if not every:
        raise ValueError(f"{first.chart}: nothing can be shown")
    across = _scale([x for x, _ in every], first.log_x, _LEFT, _WIDTH - _RIGHT)
    up = _scale([y for _, y in every], first.log_y, _HEIGHT - _BOTTOM, _TOP)
    parts: list[Html] = [el("title", first.chart)]
    for value in _ticks([x for x, _ in every], first.log_x):
        x = across(value)
        parts.append(el("line", x1=x, x2=x, y1=_TOP, y2=_HEIGHT - _BOTTOM, cls="grid"))
        parts.append(el("text", _number(value), x=x, y=_HEIGHT - _BOTTOM + 16, text_anchor="middle", cls="axis"))
    for value in _ticks([y for _, y in every], first.log_y):
        y = up(value)
        parts.append(el("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, cls="grid"))
        parts.append(el("text", _number(value), x=_LEFT - 6, y=y + 4, text_anchor="end", cls="axis"))
    parts.append(
        el("text", first.x_label, x=(_LEFT + _WIDTH - _RIGHT) / 2, y=_HEIGHT - 8, text_anchor="middle", cls="axis")
    )
    parts.append(el("text", first.y_label, x=4, y=12, cls="axis"))
    for number, (curve, points) in enumerate(zip(curves, shown, strict=True)):
        if not points:
            continue
        path = " ".join(f"{'L' if at else 'M'}{across(x):.1f} {up(y):.1f}" for at, (x, y) in enumerate(points))
        style = f"line line-{number % 4}"
        parts.append(el("path", d=path, cls=style, stroke_dasharray=_DASHES[number % 4] or None))
        key = _TOP + 14 + 20 * number
        left = _WIDTH - _RIGHT + 12
        parts.append(el("path", d=f"M{left} {key} h22", cls=style, stroke_dasharray=_DASHES[number % 4] or None))
        parts.append(el("text", curve.name, x=left + 28, y=key + 4, cls="axis"))
    return el(
        "svg", parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=first.chart, cls="chart lines",
        focusable="false",
    )  # fmt: skip


def _points(curve: Curve, log_x: bool, log_y: bool) -> list[tuple[float, float]]:
    return [
        (x, y)
        for x, y in zip(curve.x, curve.y, strict=True)
        if math.isfinite(x) and math.isfinite(y) and (x > 0 or not log_x) and (y > 0 or not log_y)
    ]


def _scale(values: Sequence[float], log: bool, start: float, end: float) -> Callable[[float], float]:
    low, high = min(values), max(values)
    if not log and 0 <= low < 0.5 * high:
        low = 0.0
    if log:
        low, high = math.log10(low), math.log10(high)
    span = (high - low) or 1.0
    return lambda value: start + (end - start) * (((math.log10(value) if log else value) - low) / span)


def _ticks(values: Sequence[float], log: bool) -> list[float]:
    low, high = min(values), max(values)
    if log:
        powers = [
            10.0**power for power in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
        ]
        return powers if len(powers) > 1 else sorted({low, *powers, high})
    if 0 <= low < 0.5 * high:
        low = 0.0
    span = high - low
    if span <= 0:
        return [low]
    step = 10 ** math.floor(math.log10(span / 4))
    step = next(step * factor for factor in (1, 2, 2.5, 5, 10) if span / (step * factor) <= 5)
    return [step * number for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
