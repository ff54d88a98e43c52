"""numpy's ``.npy`` (NEP 1): a header in Python's literal syntax, then numbers, or a pickle for arrays of objects."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

from bartizan.supplychain.formats.executables import program_at
from bartizan.supplychain.interface import (
    CODE_EXECUTION,
    MALFORMED,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    MalformedError,
    Rule,
    Severity,
    scanner,
)
from bartizan.supplychain.pickles.dtypes import DtypeError, from_text
from bartizan.supplychain.pickles.values import Dtype
from bartizan.supplychain.scanners.embedded import EMBEDDED, programs

OBJECTS = Rule(
    id="npy.object_array",
    title="Array of pickled objects",
    admission=Admission.ALLOW,
    severity=Severity.LOW,
    tags=CODE_EXECUTION,
)
LENGTH = Rule(
    id="npy.length",
    title="Array longer or shorter than its header says",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.LOW,
    tags=MALFORMED,
)
MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 20
_LONGEST_LITERAL = 10_000
"""Characters that are taken apart, as numpy bounds it; beyond that an array may hold anything."""
_DEEPEST = 20
_PYTHON_2 = re.compile(r"(\d)L\b")


@scanner
class Npy:
    """One array."""

    id = "npy"
    rules = (OBJECTS, LENGTH, EMBEDDED)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """By numpy's magic."""
        return source.starts_with(MAGIC)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """The pickle of an object array; numbers are only measured."""
        major = source.read(6, 1)[:1]
        if major not in {b"\x01", b"\x02", b"\x03"}:
            raise MalformedError("the version of the format is unknown", 6)
        wide = major != b"\x01"
        start = 12 if wide else 10
        length = int.from_bytes(source.read(8, 4 if wide else 2), "little")
        if length > _LONGEST_HEADER or start + length > source.size:
            raise MalformedError("the header is longer than the file", 8)
        header = source.read(start, length).decode("utf-8" if major == b"\x03" else "latin-1", "replace")
        body = source.sub(start + length)
        size = _size(header)
        if size < 0:
            yield context.found(
                OBJECTS,
                "numpy refuses such an array unless it is told allow_pickle=True; then it unpickles what follows.",
                offset=start,
                evidence=header,
            )
            yield from context.nested(body, "objects", container="npy")
        else:
            if kind := program_at(body, 0):
                yield context.found(EMBEDDED, "The array is a whole program.", offset=start + length, evidence=kind)
            if body.read(0, 1) == b"\x80":  # a header that lies costs a look
                yield from context.nested(body, "data", opaque=True, container="npy")
            yield from _length(size, header, body, context)
            yield from programs(source, context)


def _size(header: str) -> int:
    """Bytes of the array as numpy reads its header, a Python literal; -1 where it holds objects or cannot be told."""
    try:
        read = _literal(header)
        size = _dtype(read["descr"], 0).itemsize
        for part in read["shape"]:
            size *= int(part)
    except (DtypeError, ValueError, TypeError, KeyError, SyntaxError, MemoryError, RecursionError):
        return -1
    return size


def _literal(header: str) -> Any:
    if len(header) > _LONGEST_LITERAL:
        raise ValueError
    try:
        return ast.literal_eval(header)
    except SyntaxError:  # Python 2 wrote 3L
        return ast.literal_eval(_PYTHON_2.sub(r"\1", header))


def _dtype(descr: Any, depth: int) -> Dtype:
    """The dtype of a header's ``descr``: a name, ``(descr, shape)``, or fields ``(name, descr[, shape])``.

    Raises `DtypeError` for objects and for what numpy may read in another way.
    """
    if depth > _DEEPEST:
        raise DtypeError("nests too deep")
    match descr:
        case str():
            found = from_text(descr)
            if found.objects:
                raise DtypeError("holds objects")
            return found
        case tuple() if len(descr) == 2:
            return Dtype("V", _dtype(descr[0], depth + 1).itemsize * _times(descr[1]), False)
        case list():
            return Dtype("V", sum(_field(field, depth + 1) for field in descr), False)
    raise DtypeError("is no dtype")


def _field(field: Any, depth: int) -> int:
    match field:
        case (_, descr):
            return _dtype(descr, depth).itemsize
        case (_, descr, shape):
            return _dtype(descr, depth).itemsize * _times(shape)
    raise DtypeError("is no field")


def _times(shape: Any) -> int:
    count = 1
    for part in shape if isinstance(shape, tuple) else (shape,):
        if not isinstance(part, int):
            raise DtypeError("is no shape")
        count *= part
    return count


def _length(size: int, header: str, body: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
    if size != body.size:
        yield context.found(
            LENGTH, f"The header speaks of {size} bytes and {body.size} follow.", evidence=header, offset=10
        )
        if body.size > size:
            yield from context.nested(body.sub(size), "trailing", opaque=True)
