"""Lines of a requirements file as pip cuts them: continuations joined, comments gone, in the encoding that it declares.

Source: pip's documentation of the format and the behaviour of pip 26 (``pip/_internal/req/req_file.py``).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import MalformedError

LONGEST = 1 << 20
"""Characters of one line with all that continues it."""
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_SAFE_CODINGS = frozenset({"utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii"})
_COMMENT = re.compile(r"(?:^|\s)#")


class Line(NamedTuple):
    """One line of meaning."""

    text: str
    offset: int
    """Of its first character in the file, in bytes."""


def lines(raw: bytes, budget: Budget) -> Iterator[Line]:
    """The lines that pip reads. Raises `MalformedError` for another encoding than UTF-8 and for endless lines."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise MalformedError("requirements in UTF-16, which other readers take for something else", 0)
    for first in raw.split(b"\n", 2)[:2]:
        named = _CODING.search(first[:1_000]) if first[:1] == b"#" else None
        if named is not None and named.group(1).decode("ascii").casefold() not in _SAFE_CODINGS:
            raise MalformedError("requirements that declare another encoding than UTF-8", 0)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("requirements that are not UTF-8", error.start) from None
    start, at, parts, size = 0, 0, list[str](), 0
    for physical in text.splitlines(keepends=True):
        budget.step()
        width = len(physical) if physical.isascii() else len(physical.encode())
        line = physical.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        if at == 0:
            line = line.removeprefix("\ufeff")
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            start = at if not parts else start
            parts.append(line.strip("\\"))
            size += len(line)
            if size > LONGEST:
                raise MalformedError(f"a line of more than {LONGEST} characters", start)
        else:
            parts.append(f" {line}" if comment else line)
            yield from _finished(parts, at if len(parts) == 1 else start)
            parts, size = [], 0
        at += width
    yield from _finished(parts, start)


def _finished(parts: list[str], start: int) -> Iterator[Line]:
    line = "".join(parts)
    found = _COMMENT.search(line)
    text = (line[: found.start()] if found is not None else line).strip()
    if len(text) > LONGEST:
        raise MalformedError(f"a line of more than {LONGEST} characters", start)
    if text:
        yield Line(text, start)


def split(text: str) -> tuple[str, list[str]]:
    """The requirement and the options after it. Raises ValueError for a quotation mark without its fellow."""
    words = text.split(" ")
    cut = next((number for number, word in enumerate(words) if word.startswith("-")), len(words))
    options = " ".join(words[cut:])
    quoted = any(mark in options for mark in "\"'\\")
    return " ".join(words[:cut]).strip(), shlex.split(options) if quoted else options.split()
