"""Axes of charts: which values are marked, and where they stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from bartizan.reporting.audit import Curve


def points_of(curve: Curve, log_x: bool, log_y: bool) -> list[tuple[float, float]]:
    """What such axes can show of a curve."""
    return [
        (x, y)
        for x, y in zip(curve.x, curve.y, strict=True)
        if math.isfinite(x) and math.isfinite(y) and (x > 0 or not log_x) and (y > 0 or not log_y)
    ]


def scale(values: Sequence[float], log: bool, start: float, end: float) -> Callable[[float], float]:
    """From a value to its place between ``start`` and ``end``."""
    low, high = min(values), max(values)
    if not log and 0 <= low < 0.5 * high:
        low = 0.0
    if log:
        low, high = math.log10(low), math.log10(high)
    span = (high - low) or 1.0
    return lambda value: start + (end - start) * (((math.log10(value) if log else value) - low) / span)


def ticks(values: Sequence[float], log: bool) -> list[float]:
    """Round values within the range: powers of ten, or about five steps."""
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


def number(value: float) -> str:
    """A label of an axis."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
