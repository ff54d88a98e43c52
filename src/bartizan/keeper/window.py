"""Calendar windows of budgets, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

WindowKind = Literal["hour", "day", "month"]


class Window(NamedTuple):
    """A half-open span of Unix seconds."""

    start: int
    end: int


def window_at(kind: WindowKind, unix: float) -> Window:
    """The calendar hour, day or month in UTC that holds ``unix``."""
    seconds = int(unix // 1)
    if kind == "hour":
        start = seconds - seconds % 3600
        return Window(start, start + 3600)
    if kind == "day":
        start = seconds - seconds % 86400
        return Window(start, start + 86400)
    first = datetime.fromtimestamp(seconds, UTC).replace(day=1, hour=0, minute=0, second=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return Window(int(first.timestamp()), int(following.timestamp()))
