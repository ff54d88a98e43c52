"""Text in characters that no screen shows: Unicode tags, and bytes as variation selectors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.inspection.interface import View
from bartizan.inspection.views.decoded import text_of
from bartizan.inspection.views.source import Source, derive

_TAGS = re.compile("[\U000e0020-\U000e007e]")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f")
_LEAST_BYTES = 3


def undo_tags(source: Source) -> Iterator[View]:
    """Tag characters U+E0020 to U+E007E as the ASCII they stand for, alone; flags of regions are left alone."""
    view = source.raw
    flags = {place for flag in _FLAG.finditer(view.text) for place in range(*flag.span())}
    places = [match.start() for match in _TAGS.finditer(view.text) if match.start() not in flags]
    if places:
        text = "".join(chr(ord(view.text[place]) - 0xE0000) for place in places)
        yield derive(view, "unicode_tags", text, places, places[-1] + 1, len(places))


def undo_variation_selectors(source: Source) -> Iterator[View]:
    """Selectors 1 to 256 as the bytes 0 to 255: each run of them, else all of the text's together, if that is text."""
    view = source.raw
    runs = [match for match in _SELECTORS.finditer(view.text) if match.end() - match.start() >= _LEAST_BYTES]
    views = [found for run in runs if (found := _decoded(view, list(range(*run.span())))) is not None]
    if not views:
        places = [place for run in _SELECTORS.finditer(view.text) for place in range(*run.span())]
        found = _decoded(view, places) if len(places) >= _LEAST_BYTES else None
        if found is not None:
            views.append(found)
    yield from views


def _decoded(view: View, places: list[int]) -> View | None:
    data = bytes(_byte(view.text[place]) for place in places)
    found = text_of(data)
    if found is None:
        return None
    text, indices = found
    chosen = [places[index] for index in indices]
    return derive(view, "variation_selectors", text, chosen, places[-1] + 1, len(places))


def _byte(selector: str) -> int:
    code = ord(selector)
    return code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16
