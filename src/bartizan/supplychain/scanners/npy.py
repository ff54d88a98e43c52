"""numpy's ``.npy`` (NEP 1): a header in Python's literal syntax, then numbers, or a pickle for arrays of objects."""

from __future__ import annotations

from collections.abc import Iterable

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


@scanner
class Npy:
    """One array."""

    id = "npy"
    rules = (OBJECTS, LENGTH)

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
        header = source.read(start, length).decode("latin-1")
        body = source.sub(start + length)
        if _may_hold_objects(header):
            yield context.found(
                OBJECTS,
                "numpy refuses such an array unless it is told allow_pickle=True; then it unpickles what follows.",
                offset=start,
                evidence=header,
            )
            yield from context.nested(body, "objects", container="npy")
        else:
            if body.read(0, 1) == b"\x80":  # a header that lies costs a look
                yield from context.nested(body, "data", opaque=True, container="npy")
            yield from _length(header, body, context)


def _may_hold_objects(header: str) -> bool:
    """Whether some dtype in the header is ``O``: strings in it that name a type hold the letter."""
    at = header.find("descr")
    return "O" in header[at + 5 :].replace("'fortran_order'", "") if at >= 0 else True


def _length(header: str, body: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
    from bartizan.supplychain.pickles.dtypes import DtypeError, from_text

    try:
        name = header.split("descr", 1)[1].split(":", 1)[1].strip()
        shape = header.split("shape", 1)[1].split("(", 1)[1].split(")", 1)[0]
        size = from_text(name[1:].split(name[0], 1)[0]).itemsize if name[:1] in {"'", '"'} else -1
        for part in shape.split(","):
            size *= int(part) if part.strip() else 1
    except (DtypeError, IndexError, ValueError):
        return
    if size >= 0 and size != body.size:
        yield context.found(
            LENGTH, f"The header speaks of {size} bytes and {body.size} follow.", evidence=header, offset=10
        )
        if body.size > size:
            yield from context.nested(body.sub(size), "trailing", opaque=True)
