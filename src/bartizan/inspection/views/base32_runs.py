"""Base32 (RFC 4648), upper or lower case."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import re2

from bartizan.inspection.interface import View
from bartizan.inspection.views.decoded import HEAD, decoded_piece, starts_as_text
from bartizan.inspection.views.source import Piece, Source, splice

_RUN = re2.compile(r"[A-Z2-7]{16,}={0,6}|[a-z2-7]{16,}={0,6}")


def undo_base32(source: Source) -> Iterator[View]:
    """Runs that decode to text."""
    view = splice(source.cased, "base32", _pieces(source.cased.text), source.context)
    if view is not None:
        yield view


def _pieces(text: str) -> Iterator[Piece]:
    for match in _RUN.finditer(text):
        start, end = match.span()
        digits = match.group().rstrip("=").upper()
        digits = digits[: len(digits) - {1: 1, 3: 1, 6: 1}.get(len(digits) % 8, 0)]
        if len(digits) > 2 * HEAD and not starts_as_text(base64.b32decode(digits[: HEAD // 5 * 8])):
            continue
        try:
            data = base64.b32decode(digits + "=" * (-len(digits) % 8))
        except binascii.Error:
            continue
        piece = decoded_piece(start, end, data, [start + index * 8 // 5 for index in range(len(data))])
        if piece is not None:
            yield piece
