"""Replacing spans of a text so that what remains is neither a leak nor a new hazard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bartizan.core.signal import Signal, Span

Edit = tuple[Span, str]
"""A span of the original text, and what is put in its place."""

_LINK_MARKS = "([:"
"""What turns a bracketed marker into a link, an image or a definition when it follows directly."""


def edits(signals: Iterable[Signal]) -> list[Edit]:
    """One edit per signal; signals without a replacement get ``[REDACTED:rule]``."""
    return [
        (signal.span, signal.replacement or f"[REDACTED:{signal.rule or signal.guard.value}]") for signal in signals
    ]


def redact(text: str, replacements: Sequence[Edit]) -> str:
    """``text`` with every span replaced. Spans outside the text are cut to it; empty spans change nothing; an empty
    replacement becomes ``[REDACTED]``, because what stood on both sides must not grow together.

    Overlapping spans are merged, so no part of any survives. The replacement of a merged span is that of its widest
    member, unless a longer one overhangs it: then it is the plain marker ``[REDACTED]``, because a replacement that
    keeps characters (the last four of a card) was made for its own span only. A bracketed marker that the text around
    it would turn into a link gets round quotes instead of brackets.
    """
    out: list[str] = []
    at = 0
    before = ""
    for start, end, replacement in _merge(len(text), replacements):
        before = text[at:start][-1:] or before
        put = _inert(replacement, before, text[end : end + 1])
        out += [text[at:start], put]
        at, before = end, put[-1]
    out.append(text[at:])
    return "".join(out)


def _merge(length: int, replacements: Sequence[Edit]) -> list[tuple[int, int, str]]:
    merged: list[tuple[int, int, str]] = []
    clipped = ((max(0, span.start), min(length, span.end), text or "[REDACTED]") for span, text in replacements)
    for start, end, text in sorted(
        (edit for edit in clipped if edit[0] < edit[1]), key=lambda edit: (edit[0], -edit[1])
    ):
        if merged and start < merged[-1][1]:
            first, last, kept = merged[-1]
            merged[-1] = (first, max(last, end), kept if end <= last else "[REDACTED]")
        else:
            merged.append((start, end, text))
    return merged


def _inert(replacement: str, before: str, after: str) -> str:
    bracketed = replacement.startswith("[") and replacement.endswith("]")
    links_on = bracketed and bool(after) and after in _LINK_MARKS
    if links_on or (bracketed and before in ("!", "]")) or (replacement.startswith("(") and before == "]"):
        return f"“{replacement[1:-1]}”"
    return replacement
