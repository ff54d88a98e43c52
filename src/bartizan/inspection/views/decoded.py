"""From decoded bytes to text, if text is what they are."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from bartizan.inspection.views.source import Piece

_SHORT = 24
_PRINTABLE = 0.95
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .-/"


def is_text(text: str) -> bool:
    """True for what reads as text: printable, short texts wholly, and not for the most part odd marks."""
    if not text:
        return False
    length = len(text)
    if not text.isprintable():
        readable = sum(1 for char in text if char.isprintable() or char in "\t\n\r\x08\x7f" or char >= "\u00ad")
        if readable < length * (1.0 if length < _SHORT else _PRINTABLE):
            return False
    if text.isascii():
        return (length - len(text.encode().translate(None, _PLAIN))) * 4 >= length
    return sum(1 for char in text if char.isalnum() or char in " .-/") * 4 >= length


def text_of(data: bytes) -> tuple[str, Sequence[int]] | None:
    """The text in ``data`` (ASCII, UTF-8 but for a cut last character, or UTF-16) and each character's byte index.

    None if the bytes are not text.
    """
    if not data:
        return None
    if data.isascii() and 0 not in data:
        text = data.decode("ascii")
        return (text, range(len(text))) if is_text(text) else None
    if data.count(0) * 3 > len(data):
        return _utf16(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:
            return None
        text = data[: error.start].decode("utf-8")
    return (text, _byte_indices(text)) if is_text(text) else None


def _utf16(data: bytes) -> tuple[str, Sequence[int]] | None:
    little = data[1::2].count(0) >= data[::2].count(0)
    text = data[: len(data) & ~1].decode("utf-16-le" if little else "utf-16-be", "replace")
    places = array("I")
    at = 0
    for char in text:
        places.append(at)
        at += 2 if char < "\U00010000" else 4
    return (text, places) if is_text(text) else None


def _byte_indices(text: str) -> Sequence[int]:
    places = array("I")
    at = 0
    for char in text:
        places.append(at)
        code = ord(char)
        at += 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    return places


HEAD = 96
"""Bytes that are looked at before a long run is decoded."""


def starts_as_text(head: bytes) -> bool:
    """False if the first bytes of a run already show that it is not text."""
    return text_of(head) is not None


def decoded_piece(start: int, end: int, data: bytes, places: Sequence[int]) -> Piece | None:
    """A piece for ``source[start:end]``, whose byte ``i`` comes from ``places[i]``; None if it is not text."""
    found = text_of(data)
    if found is None:
        return None
    text, indices = found
    return Piece(start, end, text, [places[index] for index in indices])
