"""Upside-down text: letters turned by half a circle, and therefore also backwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import ScatteredView, Source, derive

FLIPPED: Final = MappingProxyType(dict(zip("ɐɔǝɟƃɓɥᴉıɾʞןɯɹʇʌʍʎ¡¿˙", "acefgghiijklmrtvwy!?.", strict=True)))
"""Turned letters that are not letters of the plain alphabet themselves."""
_SWAPPED: Final = MappingProxyType(dict(zip("bdnpqu69", "qpudbn96", strict=True)) | dict(FLIPPED))
_CLASS = re.compile(f"[{''.join(FLIPPED)}]")
_LEAST = 3


def undo_upside_down(source: Source) -> Iterator[View]:
    """Lines with at least three turned letters, turned back."""
    view = source.raw
    text = view.text
    places: list[int] = []
    plain: list[str] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if len(_CLASS.findall(line)) >= _LEAST:
            places.extend(range(at + len(line) - 1, at - 1, -1))
            plain.extend(_SWAPPED.get(char, char) for char in reversed(line.lower() if line.isascii() else line))
        at += len(line)
    if places:
        found = derive(view, "upside_down", "".join(plain), places, places[-1], len(places))
        yield ScatteredView(found.name, found.text, found.offsets, found.changed)
