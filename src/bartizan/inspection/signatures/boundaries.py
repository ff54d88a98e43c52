"""Where a literal may begin and end."""

from __future__ import annotations

_UNSPACED = 0x0E00
"""From Thai upwards scripts part words by other means than spaces, or, as Hangul, glue particles to them."""


def stands_alone(text: str, start: int, end: int) -> bool:
    """True unless ``text[start:end]`` begins or ends in the middle of a word."""
    if start > 0 and _joins(text[start - 1]) and _joins(text[start]):
        return False
    return not (end < len(text) and _joins(text[end - 1]) and _joins(text[end]))


def _joins(character: str) -> bool:
    return character.isalnum() and ord(character) < _UNSPACED
