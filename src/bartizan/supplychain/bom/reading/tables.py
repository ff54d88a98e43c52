"""Rows and columns of data sets, counted within bounds: CSV, TSV, JSONL and NumPy arrays."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bartizan.supplychain.bom.bill import Fact
from bartizan.supplychain.bom.reading.interface import measured
from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.source import ByteSource

_CHUNK = 1 << 20
_LONGEST_HEAD = 1 << 16


def read_lines(source: ByteSource, budget: Budget) -> Iterator[Fact]:
    """Lines of a text table. A quoted line end counts as one, so this is an upper bound of its records."""
    lines, last = 0, b"\n"
    for at in range(0, source.size, _CHUNK):
        budget.check()
        piece = source.read(at, _CHUNK)
        lines += piece.count(b"\n")
        last = piece[-1:]
    yield measured("lines", lines + (last != b"\n"))


def read_npy(source: ByteSource, budget: Budget) -> Iterator[Fact]:
    """Shape and type of one array (numpy.lib.format). Raises `MalformedError`."""
    budget.step()
    if not source.starts_with(b"\x93NUMPY"):
        raise MalformedError("the magic is not NumPy's", 0)
    wide = source.read(6, 1) != b"\x01"
    length = int.from_bytes(source.read(8, 4 if wide else 2), "little")
    if length > _LONGEST_HEAD:
        raise MalformedError(f"a header of {length} bytes", 8)
    try:
        head = ast.literal_eval(source.read(12 if wide else 10, length).decode("utf-8").strip())
        shape, dtype = tuple(int(one) for one in head["shape"]), str(head["descr"])
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise MalformedError("a header that is none", 10) from None
    yield measured("shape", "x".join(map(str, shape)) or "scalar")
    yield measured("dtype", dtype)
