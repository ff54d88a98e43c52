"""Escapes inside text: percent, quoted-printable, HTML entities, and the backslash escapes of programming languages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from bartizan.inspection.interface import View
from bartizan.inspection.views.source import Piece, Source, splice

_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2}|=\r?\n)+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")
_ESCAPE = re.compile(
    r"\\u\{[0-9a-fA-F]{1,6}\}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\x\{[0-9a-fA-F]{1,6}\}|\\x[0-9a-fA-F]{2}"
    r"|\\[0-3][0-7]{2}|[uU]\+[0-9a-fA-F]{4,6}[ ,]?"
)
_HEX = re.compile(r"[0-9a-fA-F]+")
_LEAST_QUOTED = 3


def undo_percent(source: Source) -> Iterator[View]:
    """``%69%67`` (RFC 3986)."""
    text = source.cased.text
    yield from _spliced(source, "percent", _byte_pieces(text, _PERCENT, "%"))


def undo_quoted_printable(source: Source) -> Iterator[View]:
    """``=69=67`` and soft line breaks (RFC 2045), from three on."""
    pieces = list(_byte_pieces(source.cased.text, _QUOTED, "="))
    if len(pieces) >= _LEAST_QUOTED or any(len(piece.text) >= _LEAST_QUOTED for piece in pieces):
        yield from _spliced(source, "quoted_printable", iter(pieces))


def undo_entities(source: Source) -> Iterator[View]:
    """``&#105;``, ``&#x69;`` and named references (HTML)."""
    yield from _spliced(source, "entities", _single_pieces(source.cased.text, _ENTITY, html.unescape))


def undo_escapes(source: Source) -> Iterator[View]:
    r"""``\u0069``, ``\x69``, ``\u{69}``, ``\U00000069``, ``\151`` and ``U+0069``."""
    yield from _spliced(source, "escapes", _joined_surrogates(_single_pieces(source.cased.text, _ESCAPE, _escaped)))


def _spliced(source: Source, name: str, pieces: Iterator[Piece]) -> Iterator[View]:
    view = splice(source.cased, name, pieces, source.context)
    if view is not None:
        yield view


def _byte_pieces(text: str, run: re.Pattern[str], mark: str) -> Iterator[Piece]:
    for match in run.finditer(text):
        data = bytearray()
        places = []
        at, end = match.span()
        while at < end:
            if text[at + 1] in "\r\n":
                at += 3 if text[at + 1] == "\r" else 2
                continue
            data.append(int(text[at + 1 : at + 3], 16))
            places.append(at)
            at += 3
        decoded = data.decode("utf-8", "replace")
        if not data or (decoded.isprintable() and "\ufffd" not in decoded) or decoded.isspace():
            index = 0
            offsets = []
            for char in decoded:
                offsets.append(places[index])
                index += len(char.encode())
            yield Piece(*match.span(), decoded, offsets)


def _single_pieces(text: str, one: re.Pattern[str], undo: Callable[[str], str]) -> Iterator[Piece]:
    for match in one.finditer(text):
        plain = undo(match.group())
        if plain != match.group():
            yield Piece(*match.span(), plain)


def _escaped(escape: str) -> str:
    digits = _HEX.search(escape, 1 if escape[1].isdigit() else 2)
    assert digits is not None
    code = int(digits.group(), 8 if escape[1].isdigit() else 16)
    return chr(code) if code < 0x110000 else escape


def _joined_surrogates(pieces: Iterator[Piece]) -> Iterator[Piece]:
    held: Piece | None = None
    for piece in pieces:
        if held is not None:
            if held.end == piece.start and "\udc00" <= piece.text <= "\udfff":
                pair = (held.text + piece.text).encode("utf-16", "surrogatepass").decode("utf-16")
                held = None
                yield Piece(piece.start - 6, piece.end, pair)
                continue
            yield held
        held = piece if "\ud800" <= piece.text <= "\udbff" else None
        if held is None:
            yield piece
    if held is not None:
        yield held
