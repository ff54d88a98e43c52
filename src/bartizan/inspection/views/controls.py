"""Control characters: deletions carried out, the others taken out."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import Source, derive

_DELETING = frozenset("\x08\x7f")
_KEPT = frozenset("\t\n\v\f\r")


def undo_controls(source: Source) -> Iterator[View]:
    """``deletions``: each backspace or delete takes the character before it away; ``controls``: all merely dropped."""
    view = source.cased
    text = view.text
    if "\x08" in text or "\x7f" in text:
        kept: list[int] = []
        for place, char in enumerate(text):
            if char in _DELETING:
                if kept:
                    kept.pop()
            elif char in _KEPT or not _is_control(char):
                kept.append(place)
        yield _of(view, "deletions", kept)
    yield _of(view, "controls", [place for place, char in enumerate(text) if char in _KEPT or not _is_control(char)])


def _is_control(char: str) -> bool:
    return char < " " or char == "\x7f"


def _of(view: View, name: str, kept: list[int]) -> View:
    text = "".join(map(view.text.__getitem__, kept))
    return derive(view, name, text, kept, len(view.text), len(view.text) - len(kept))
