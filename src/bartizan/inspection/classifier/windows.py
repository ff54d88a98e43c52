"""Cuts tokens into overlapping windows of equal stride."""

from __future__ import annotations

from bartizan.inspection.classifier.network import Window


def cut(window: Window, size: int, overlap: int) -> list[Window]:
    """As few windows of at most ``size`` tokens as cover everything with at least ``overlap`` in common, evenly spread
    and equally long, no longer than that takes."""
    length = len(window.ids)
    if length <= size:
        return [window] if length else []
    number = -(-(length - overlap) // (size - overlap))
    size = -(-(length + overlap * (number - 1)) // number)
    starts = [round(step * (length - size) / (number - 1)) for step in range(number)]
    return [Window(window.ids[start : start + size], window.spans[start : start + size]) for start in starts]


def shifted(window: Window, by: int) -> Window:
    """The same tokens of a text that stands ``by`` characters further on."""
    return window if not by else Window(window.ids, [(start + by, end + by) for start, end in window.spans])
