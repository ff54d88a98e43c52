"""Numbers, names and texts of protocol 0, as CPython's two unpicklers take their lines."""

from __future__ import annotations

import codecs
import string
from collections.abc import Callable
from typing import Any

from bartizan.supplychain.pickles.cursor import EndError
from bartizan.supplychain.pickles.values import LONG, LONGEST_NAME, TEXT

IN_NUMBERS = b"0123456789_+-" + string.whitespace.encode()
"""Bytes that may stand in the line of a memo number."""


def octal(line: bytes | None) -> bool:
    """Whether C reads an INT as octal: ``strtol`` takes a leading zero for that, Python's ``int`` for an error."""
    digits = (line or b"").lstrip().removeprefix(b"-").removeprefix(b"+")
    return digits[:1] == b"0" and digits.isdigit() and not digits.strip(b"01234567")


def integer(line: bytes | None, base: int) -> Any:
    """An int, or `LONG` for one too long to matter. Raises `EndError`."""
    if line is None:
        return LONG
    line = line.partition(b"\0")[0].strip()  # for the C unpickler the text ends there
    if base == 10 and len(line) > 1_000:
        line = line.lstrip(b"0") or b"0"
    if len(line) > 1_000:
        return LONG
    try:
        return int(line, base)
    except ValueError:
        raise EndError(-1, "a number is none") from None


def word(line: bytes | None) -> Any:
    """A module or attribute of GLOBAL or INST, or an id. Raises `EndError`."""
    if line is None or len(line) > 4 * LONGEST_NAME:
        return TEXT
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise EndError(-1, "a name is no text") from None


def quoted(line: bytes | None, at: int) -> Any:
    """STRING: a literal of Python 2. Raises `EndError`."""
    if line is None or len(line) > 4 * LONGEST_NAME:
        return TEXT
    line = line.strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in {b"'", b'"'}:
        raise EndError(at, "a string has no quotes")
    return _decoded(lambda: codecs.escape_decode(line[1:-1])[0].decode("ascii"))


def raw_unicode(line: bytes) -> Any:
    """UNICODE."""
    return _decoded(lambda: line.decode("raw-unicode-escape"))


def _decoded(decode: Callable[[], str]) -> Any:
    try:
        return decode()
    except ValueError:
        return TEXT
