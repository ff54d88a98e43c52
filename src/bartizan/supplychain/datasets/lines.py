"""Lines of a source, decoded piece by piece, so that a file of any size takes the memory of its longest line."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator

from bartizan.supplychain.datasets.rules import ENCODING
from bartizan.supplychain.interface import Budget, ByteSource, MalformedError, Rule

_CHUNK = 1 << 20
LONGEST_LINE = 4 << 20
"""Characters."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def lines(source: ByteSource, budget: Budget, notes: Counter[Rule]) -> Iterator[str]:
    """Lines with their ends. What is not UTF-8 (or UTF-16 with its mark) becomes U+FFFD and is counted by line.

    Raises:
        MalformedError: a line is longer than `LONGEST_LINE`.
        BudgetError: time is over.
    """
    at, encoding = 0, "utf-8"
    for mark, name in _MARKS:
        if source.starts_with(mark):
            at, encoding = len(mark), name
            break
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest = ""
    while at < source.size:
        budget.check()
        chunk = source.read(at, _CHUNK)
        source.release(max(0, at - _CHUNK), _CHUNK + len(chunk))
        at += len(chunk)
        pieces = (rest + decoder.decode(chunk, at >= source.size)).split("\n")
        rest = pieces.pop()
        if len(rest) > LONGEST_LINE:
            raise MalformedError(f"a line is longer than {LONGEST_LINE} characters", at)
        for piece in pieces:
            if "\ufffd" in piece:
                notes[ENCODING] += 1
            yield piece + "\n"
    if rest:
        if "\ufffd" in rest:
            notes[ENCODING] += 1
        yield rest
