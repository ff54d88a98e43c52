"""safetensors: a JSON header and raw numbers. Nothing runs; what counts is that every reader sees the same tensors.

Layout after the format's README: 8 bytes of header length (little endian), the header, then the tensors without holes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any

from bartizan.supplychain.formats.executables import program_at
from bartizan.supplychain.formats.json_text import decode
from bartizan.supplychain.formats.paths import escapes
from bartizan.supplychain.interface import (
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
from bartizan.supplychain.scanners.embedded import EMBEDDED, programs

_MOST_TEXTS, _SHORT_TEXT = 100, 24
LARGEST_HEADER = 32 << 20
"""Bytes; the reference reader stops at 100 MB, real headers have a few."""
BITS = MappingProxyType(
    {
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8,
        "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64,
        "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    }
)  # fmt: skip
"""Bits of one element."""


def _rule(name: str, title: str) -> Rule:
    return Rule(
        id=f"safetensors.{name}", title=title, admission=Admission.BLOCK, severity=Severity.HIGH, tags=MALFORMED
    )


DUPLICATE = _rule("duplicate_key", "Header names something twice")
OVERLAP = _rule("overlap", "Tensors share bytes")
HOLE = _rule("hole", "Bytes that belong to no tensor")
TRAILING = _rule("trailing", "Bytes after the last tensor")
NAME = _rule("name", "Tensor whose name is a path outside")
SIZE = _rule("size", "Tensor's bytes do not match its shape")


@scanner
class Safetensors:
    """See the module."""

    id = "safetensors"
    rules = (DUPLICATE, OVERLAP, HOLE, TRAILING, SIZE, NAME, EMBEDDED)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """A plausible header length before ``{"``, or the name."""
        head = source.read(0, 10)
        if len(head) < 10:
            return context.name.endswith(".safetensors")
        length = int.from_bytes(head[:8], "little")
        return context.name.endswith(".safetensors") or (
            2 <= length <= 1 << 32 and head[8:9] == b"{" and head[9:10] in b'" }\n\r\t'
        )

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Header, then the layout of the tensors."""
        length = int.from_bytes(source.read(0, 8), "little")
        if source.size < 8 or not 2 <= length <= source.size - 8:
            raise MalformedError(f"the header's {length} bytes do not fit into a file of {source.size}", 0)
        if length > LARGEST_HEADER:
            raise MalformedError(f"a header of {length} bytes is larger than {LARGEST_HEADER}", 0)
        raw = source.read(8, length)
        if raw[:1] != b"{":
            raise MalformedError("the header does not begin with an object", 8)
        document = decode(raw, 8)
        for key in document.repeated:
            yield context.found(
                DUPLICATE, "Readers differ in which of the two they take.", offset=_place(raw, key), evidence=key
            )
        yield from _layout(source, context, document.root, raw)
        yield from programs(source, context)


def _layout(source: ByteSource, context: Context, root: dict[str, Any], raw: bytes) -> Iterator[ArtefactFinding]:
    data, size = 8 + len(raw), source.size - 8 - len(raw)
    spans: list[tuple[int, int, str]] = []
    for name, entry in root.items():
        context.budget.step()
        if name == "__metadata__":
            yield from _metadata(entry, raw, context)
            continue
        if escapes(name) or not name.isprintable():
            yield context.found(
                NAME, "Tools that write a file for each tensor write it there.", offset=_place(raw, name), evidence=name
            )
        begin, end, wanted = _tensor(name, entry, raw)
        if end > size:
            raise MalformedError(f"the tensor {name[:80]!r} ends {end - size} bytes after the file", _place(raw, name))
        if end - begin != wanted:
            yield context.found(
                SIZE,
                f"Its shape and type ask for {wanted} bytes, its offsets give {end - begin}.",
                offset=_place(raw, name),
                evidence=name,
            )
        if kind := program_at(source, data + begin):
            yield context.found(
                EMBEDDED,
                "A tensor is a whole program; no model needs one.",
                offset=data + begin,
                evidence=f"{name} {kind}",
            )
        spans.append((begin, end, name))
    at = 0
    for begin, end, name in sorted(spans):
        if begin < at:
            yield context.found(OVERLAP, "It begins inside another tensor.", offset=data + begin, evidence=name)
        elif begin > at:
            yield context.found(
                HOLE, f"{begin - at} bytes before it belong to nothing.", offset=data + at, evidence=name
            )
        at = max(at, end)
    if at < size:
        extra = source.sub(data + at)
        yield context.found(
            TRAILING,
            f"{size - at} bytes follow that no tensor names.",
            offset=data + at,
            evidence=extra.read(0, 16).hex(),
        )
        yield from context.nested(extra, "trailing", opaque=True)


def _tensor(name: str, entry: Any, raw: bytes) -> tuple[int, int, int]:
    """First and last byte (exclusive) in the data, and the bytes that shape and type ask for."""
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]} if len(entry) == 3:
            pass
        case _:
            raise MalformedError(f"the entry of {name[:80]!r} is not dtype, shape and data_offsets", _place(raw, name))
    whole = all(type(number) is int and 0 <= number < 1 << 64 for number in (*shape, begin, end))
    if not whole or begin > end or isinstance(begin, bool) or isinstance(end, bool) or len(shape) > 64:
        raise MalformedError(f"shape or offsets of {name[:80]!r} are no sizes", _place(raw, name))
    if dtype not in BITS:
        raise MalformedError(f"the type {dtype[:40]!r} of {name[:80]!r} is unknown", _place(raw, name))
    bits = math.prod(shape) * BITS[dtype]
    if bits % 8 or bits >= 1 << 67:
        raise MalformedError(f"{name[:80]!r} has no whole number of bytes", _place(raw, name))
    return begin, end, bits // 8


def _metadata(entry: Any, raw: bytes, context: Context) -> Iterator[ArtefactFinding]:
    """Texts about the model: whoever lists models shows them to people and to agents."""
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise MalformedError("__metadata__ is not a map of texts", _place(raw, "__metadata__"))
    for key, value in list(entry.items())[:_MOST_TEXTS]:
        if len(value) >= _SHORT_TEXT:
            inner = ByteSource(value.encode("utf-8", "surrogatepass"), "metadata")
            yield from context.nested(inner, f"__metadata__.{key[:80]}", opaque=True)


def _place(raw: bytes, name: str) -> int:
    """Offset in the file of the last mention of a key; 8, the header's begin, where it is written with escapes."""
    at = raw.rfind(b'"' + name.encode("utf-8", "surrogatepass") + b'"')
    return 8 + max(0, at)
