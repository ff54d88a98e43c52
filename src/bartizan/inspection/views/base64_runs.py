"""Base64 (RFC 4648, standard and URL-safe, padded or not, broken into lines)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

import re2

from bartizan.inspection.interface import View
from bartizan.inspection.views.decoded import HEAD, decoded_piece, starts_as_text
from bartizan.inspection.views.source import Piece, Source, splice

SHORTEST = 16
"""Base64 characters; shorter runs say too little and are too often words."""
_RUN = re2.compile(
    r"[A-Za-z0-9+/_\-]{16,}(?:[ \t>|]*\r?\n[ \t>|]*[A-Za-z0-9+/_\-]{16,})*(?:[ \t>|]*\r?\n[ \t>|]*[A-Za-z0-9+/_\-]+)?"
)
_ALPHABET = re.compile(r"[A-Za-z0-9+/_\-]")
_PARTS = re.compile(r"[A-Za-z0-9+]{16,}")
_LINE = re.compile(r"[A-Za-z0-9+/_\-]+")
_BETWEEN = " \t>|\r"
"""What may stand between a line's digits and its break."""
_STANDARD = str.maketrans("-_", "+/")


def undo_base64(source: Source) -> Iterator[View]:
    """Runs that decode to text."""
    view = splice(source.cased, "base64", _pieces(source.cased.text), source.context)
    if view is not None:
        yield view


def _pieces(text: str) -> Iterator[Piece]:
    for match in _RUN.finditer(text):
        start, end = match.span()
        yield from _decode_run(text, start, end)


def _decode_run(text: str, start: int, end: int) -> Iterator[Piece]:
    """The whole run; else without its last line (which may be prose); else line by line, and without ``/-_``."""
    whole = _decode(text, start, end)
    if whole is not None:
        yield whole
        return
    last = text.rfind("\n", start, end)
    if last > start:
        body = _decode(text, start, start + len(text[start:last].rstrip(_BETWEEN)))
        if body is not None:
            yield body
            return
    for line in _LINE.finditer(text, start, end):
        if line.end() - line.start() < SHORTEST:
            continue
        piece = _decode(text, *line.span()) if line.span() != (start, end) else None
        if piece is not None:
            yield piece
            continue
        for part in _PARTS.finditer(text, *line.span()):
            if part.span() != line.span():
                piece = _decode(text, *part.span())
                if piece is not None:
                    yield piece


def _decode(text: str, start: int, end: int) -> Piece | None:
    places: list[int] | range
    if text.find("\n", start, end) < 0:
        digits, places = text[start:end], range(start, end)
    else:
        places = [match.start() for match in _ALPHABET.finditer(text, start, end)]
        digits = "".join(text[place] for place in places)
    usable = len(digits) - (len(digits) % 4 == 1)
    digits = digits[:usable].translate(_STANDARD)
    try:
        if not _plausible(digits):
            return None
        data = base64.b64decode(digits + "=" * (-usable % 4))
    except (binascii.Error, ValueError):
        return None
    while end < len(text) and text[end] == "=" and end < start + usable + 4:
        end += 1
    return decoded_piece(start, end, data, [places[index * 4 // 3] for index in range(len(data))])


def _plausible(digits: str) -> bool:
    """A first look: control characters at the start, or a long run whose first bytes are not text.

    Raises binascii.Error.
    """
    head = base64.b64decode(digits[:8])
    if any(byte < 9 for byte in head) and head.count(0) < 2:
        return False
    return len(digits) <= 2 * HEAD or starts_as_text(base64.b64decode(digits[: HEAD // 3 * 4]))
