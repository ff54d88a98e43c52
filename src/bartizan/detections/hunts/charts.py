"""Bars for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
MOST_BARS: Final = 15


def bars(labels: Sequence[str], values: Sequence[Any], *, width: int = 40, label_width: int = 28) -> list[str]:
    """One line a value, the longest as wide as ``width``; what is no positive number has no bar.

    Only the first values are drawn; a last line says how many were not.
    """
    numbers = [float(value) if isinstance(value, int | float) and value == value else 0.0 for value in values]
    top = max(numbers, default=0.0)
    lines = []
    for label, number in list(zip(labels, numbers, strict=True))[:MOST_BARS]:
        eighths = round(max(number, 0.0) / top * width * 8) if top > 0 else 0
        bar = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        shown = label if len(label) <= label_width else label[: label_width - 1] + "…"
        lines.append(f"{shown:<{label_width}} {bar:<{width}} {number:,.10g}".rstrip())
    if len(numbers) > MOST_BARS:
        lines.append(f"and {len(numbers) - MOST_BARS} more")
    return lines
