"""Bytes written as numbers: hexadecimal in its many spellings, decimal, octal and binary character codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import re2

from bartizan.inspection.interface import View
from bartizan.inspection.views.decoded import HEAD, decoded_piece, starts_as_text
from bartizan.inspection.views.source import Piece, Source, splice

_HEX_RUN = re2.compile(
    r"(?i)(?:0x)?[0-9a-f]{2}(?:[ ,:;\-]{0,2}(?:0x)?[0-9a-f]{2}){7,}|(?:0x)?[0-9a-f]{2}(?:\s+[0-9a-f]{2}){7,}"
)
_HEX_PAIR = re.compile(r"(?:0[xX])?([0-9a-fA-F]{2})")
_CODES_RUN = re2.compile(r"[0-9]{2,3}(?:[ ,;]{1,2}[0-9]{2,3}){5,}")
_CODE = re.compile(r"[0-9]{2,3}")
_BITS_RUN = re2.compile(r"[01]{8}(?:[ ,]?[01]{8}){3,}")
_BYTE = re.compile(r"[01]{8}")


def undo_hex(source: Source) -> Iterator[View]:
    """``69676e``, ``69 67 6e``, ``69:67:6e``, ``0x69, 0x67`` and the like, from eight bytes on."""
    view = splice(source.folded, "hex", _hex_pieces(source.folded.text), source.context)
    if view is not None:
        yield view


def undo_character_codes(source: Source) -> Iterator[View]:
    """``105 103 110`` (decimal, else octal) and ``01101001 01100111``."""
    text = source.folded.text
    for name, pieces in (("character_codes", _code_pieces(text)), ("binary", _bit_pieces(text))):
        view = splice(source.folded, name, pieces, source.context)
        if view is not None:
            yield view


def _hex_pieces(text: str) -> Iterator[Piece]:
    for match in _HEX_RUN.finditer(text):
        start, end = match.span()
        if end - start > 6 * HEAD:
            head = islice(_HEX_PAIR.finditer(text, start, end), HEAD)
            if not starts_as_text(bytes(int(pair.group(1), 16) for pair in head)):
                continue
        pairs = list(_HEX_PAIR.finditer(text, start, end))
        data = bytes(int(pair.group(1), 16) for pair in pairs)
        piece = decoded_piece(*match.span(), data, [pair.start() for pair in pairs])
        if piece is not None:
            yield piece


def _code_pieces(text: str) -> Iterator[Piece]:
    for match in _CODES_RUN.finditer(text):
        codes = list(_CODE.finditer(text, *match.span()))
        places = [code.start() for code in codes]
        for base in (10, 8):
            try:
                data = bytes(int(code.group(), base) for code in codes)
            except ValueError:
                continue
            piece = decoded_piece(*match.span(), data, places)
            if piece is not None:
                yield piece
                break


def _bit_pieces(text: str) -> Iterator[Piece]:
    for match in _BITS_RUN.finditer(text):
        octets = list(_BYTE.finditer(text, *match.span()))
        data = bytes(int(octet.group(), 2) for octet in octets)
        piece = decoded_piece(*match.span(), data, [octet.start() for octet in octets])
        if piece is not None:
            yield piece
