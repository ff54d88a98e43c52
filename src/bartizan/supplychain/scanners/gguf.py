"""GGUF: typed metadata, tensor descriptions, tensors. Chat templates in the metadata are programs and are read as such.

Layout after ggml's docs/gguf.md; versions 1 to 3, both byte orders.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any, Literal

from bartizan.supplychain.formats import gguf_metadata as metadata
from bartizan.supplychain.formats.cursor import Cursor
from bartizan.supplychain.formats.executables import program_at
from bartizan.supplychain.interface import (
    MALFORMED,
    Admission,
    ArtefactFinding,
    Budget,
    ByteSource,
    Context,
    MalformedError,
    Rule,
    Severity,
    scanner,
)
from bartizan.supplychain.scanners.embedded import EMBEDDED, programs

MAGIC = b"GGUF"
WIDTHS = MappingProxyType({0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8})
"""Bytes of the fixed-width metadata types (u8 i8 u16 i16 u32 i32 f32 bool u64 i64 f64)."""
STRING, ARRAY = 8, 9
BLOCKS = MappingProxyType(
    {
        0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
        10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
        16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
        23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
        34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18),
    }
)  # fmt: skip
"""Tensor type to elements and bytes of one block (gguf-py, GGML_QUANT_SIZES)."""
LONGEST_NAME, LONGEST_STRING, MOST_TENSORS, MOST_KEYS, DEEPEST = 1 << 16, 16 << 20, 1 << 20, 1 << 16, 4
KEPT = "tokenizer.chat_template"
_WINDOW = 1 << 20
_SHORT_TEXT = 24
"""Characters; shorter ones tell a model or an agent nothing."""


def _rule(name: str, title: str, admission: Admission = Admission.BLOCK) -> Rule:
    return Rule(id=f"gguf.{name}", title=title, admission=admission, severity=Severity.HIGH, tags=MALFORMED)


DUPLICATE = _rule("duplicate_key", "Metadata or tensor named twice")
OVERLAP = _rule("overlap", "Tensors share bytes")
BOUNDS = _rule("bounds", "Tensor reaches past the file")
ALIGNMENT = _rule("alignment", "Tensor or alignment breaks the format")
VOCABULARY = _rule("vocabulary", "Vocabulary that loaders read or write past")
NUMBER = _rule("number", "Number that points outside what it counts", Admission.INCONCLUSIVE)
GAP = _rule("gap", "Bytes that belong to no tensor", Admission.INCONCLUSIVE)


@scanner
class Gguf:
    """See the module."""

    id = "gguf"
    rules = (DUPLICATE, OVERLAP, BOUNDS, ALIGNMENT, VOCABULARY, NUMBER, GAP, EMBEDDED)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The magic, or the name."""
        return source.starts_with(MAGIC) or context.name.endswith(".gguf")

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Metadata, templates, then the bounds of the tensors."""
        reader, tensors, pairs = begin(source, context.budget)
        cursor = reader.cursor
        alignment = 32
        seen: set[bytes] = set()
        declared: dict[str, metadata.Declared] = {}
        for _ in range(pairs):
            at = cursor.at
            key = reader.text(LONGEST_NAME, "a key")
            kind = cursor.u32("a type")
            keep = key.startswith(KEPT.encode()) or key == b"general.alignment" or (kind == STRING and _told(key))
            inner, count = reader.announced() if kind == ARRAY else (-1, 0)
            first = cursor.at
            value = reader.value(kind, keep)
            if kind == metadata.BOOL and value not in (0, 1):
                raise MalformedError(f"{_shown(key)} is neither true nor false", first)
            number = value if isinstance(value, int) else -1
            if kind == STRING and isinstance(value, tuple) and not _is_text(value[1]):
                raise MalformedError(f"{_shown(key)} is no UTF-8", first)
            text = _shown(value[1][:100]) if kind == STRING and isinstance(value, tuple) else ""
            declared[_shown(key)] = metadata.Declared(at, kind, inner, count, number, text, first, cursor.at)
            if key in seen:
                yield context.found(
                    DUPLICATE, "Readers differ in which of the two they take.", offset=at, evidence=_shown(key)
                )
            seen.add(key)
            if key == b"general.alignment":
                alignment = value if kind == 4 and isinstance(value, int) else 0
                if not alignment or alignment & (alignment - 1) or alignment > 1 << 20:
                    yield context.found(ALIGNMENT, "The alignment is no power of two.", offset=at, evidence=str(value))
                    return
            elif keep:
                template = key.startswith(KEPT.encode())
                for place, (offset, content) in enumerate(_texts(value)):
                    member = _shown(key) + (f"[{place}]" if kind == ARRAY else "")
                    name = "chat_template.jinja" if template else _shown(key)
                    if template or len(content) >= _SHORT_TEXT:
                        yield from context.nested(source.sub(offset, len(content), name), member, opaque=not template)
        for wrong in metadata.vocabulary(declared, source):
            yield context.found(VOCABULARY, wrong.what, offset=wrong.at, evidence=wrong.evidence)
        for wrong in metadata.numbers(declared):
            yield context.found(NUMBER, wrong.what, offset=wrong.at, evidence=wrong.evidence)
        if metadata.nameless(declared):
            raise MalformedError("its architecture is no name", cursor.at)
        yield from _tensors(source, context, reader, tensors, alignment)
        yield from programs(source, context)


def begin(source: ByteSource, budget: Budget) -> tuple[Reader, int, int]:
    """A reader behind the file's first fields, and the numbers of tensors and keys. Raises MalformedError."""
    cursor = Cursor(source)
    if cursor.take(4, "the magic") != MAGIC:
        raise MalformedError("the magic is not GGUF", 0)
    version = cursor.u32("the version")
    if version & 0xFFFF == 0:
        cursor.order, version = ">", int.from_bytes(version.to_bytes(4, "little"), "big")
    if version not in (1, 2, 3):
        raise MalformedError(f"version {version} is unknown", 4)
    reader = Reader(cursor, budget, version)
    tensors, pairs = reader.size("the number of tensors"), reader.size("the number of keys")
    if tensors > MOST_TENSORS or pairs > MOST_KEYS:
        raise MalformedError(f"{tensors} tensors and {pairs} keys are more than any model has", 8)
    return reader, tensors, pairs


class Reader:
    """Values of one version of the format."""

    def __init__(self, cursor: Cursor, budget: Budget, version: int) -> None:
        self.cursor = cursor
        self.budget = budget
        self.size = cursor.u32 if version == 1 else cursor.u64
        self.width = 4 if version == 1 else 8

    def announced(self) -> tuple[int, int]:
        """Type and number of the items of the array that comes next."""
        cursor = self.cursor
        head = cursor.source.read(cursor.at, 4 + self.width)
        order: Literal["little", "big"] = "little" if cursor.order == "<" else "big"
        return int.from_bytes(head[:4], order), int.from_bytes(head[4:], order)

    def text(self, longest: int, what: str) -> bytes:
        """A text of at most ``longest`` bytes."""
        length = self.size(what)
        if length > longest:
            raise MalformedError(f"{what} of {length} bytes", self.cursor.at)
        return self.cursor.take(length, what)

    def value(self, kind: int, keep: bool, depth: int = 0) -> Any:
        """The value if ``keep``: a number, (offset, bytes) of a text, or a list of them."""
        cursor = self.cursor
        self.budget.step()
        if kind == STRING:
            length = self.size("a text")
            if keep and length > LONGEST_STRING:
                raise MalformedError(f"a text of {length} bytes", cursor.at)
            at = cursor.at
            if keep:
                return at, cursor.take(length, "a text")
            cursor.skip(length, "a text")
            return None
        if kind in WIDTHS:
            raw = cursor.take(WIDTHS[kind], "a value")
            return int.from_bytes(raw, "little" if cursor.order == "<" else "big")
        if kind != ARRAY or depth >= DEEPEST:
            raise MalformedError(f"the metadata type {kind} is unknown or nests too deep", cursor.at)
        inner, count = cursor.u32("a type"), self.size("a count")
        if inner in WIDTHS:
            cursor.need(count * WIDTHS[inner], "an array")
            cursor.skip(count * WIDTHS[inner], "an array")
            return None
        if count > cursor.left:
            raise MalformedError(f"an array of {count} values does not fit", cursor.at)
        if inner == STRING and not keep:
            self._pass_texts(count)
            return None
        return [self.value(inner, keep, depth + 1) for _ in range(count)]

    def _pass_texts(self, count: int) -> None:
        """Skip so many texts; vocabularies hold hundreds of thousands of them."""
        cursor, source = self.cursor, self.cursor.source
        width = self.width
        order: Literal["little", "big"] = "little" if cursor.order == "<" else "big"
        at, end = cursor.at, cursor.end
        begin, window = at, b""
        for _ in range(count):
            here = at - begin
            if here + width > len(window):
                self.budget.check()
                begin, here = at, 0
                window = source.read(at, _WINDOW)
            at += width + int.from_bytes(window[here : here + width], order)
            if at > end:
                raise MalformedError("a text does not fit into the file", at)
        self.budget.step(count)
        cursor.at = at


def _tensors(
    source: ByteSource, context: Context, reader: Reader, count: int, alignment: int
) -> Iterator[ArtefactFinding]:
    cursor = reader.cursor
    described: list[tuple[int, int, str, int]] = []
    seen: set[bytes] = set()
    for _ in range(count):
        context.budget.step()
        at = cursor.at
        name = reader.text(LONGEST_NAME, "a tensor's name")
        dimensions = cursor.u32("a number of dimensions")
        if dimensions > 8:
            raise MalformedError(f"a tensor of {dimensions} dimensions", at)
        shape = [reader.size("a dimension") for _ in range(dimensions)]
        kind, offset = cursor.u32("a tensor type"), cursor.u64("an offset")
        if name in seen:
            yield context.found(
                DUPLICATE, "Readers differ in which of the two they take.", offset=at, evidence=_shown(name)
            )
        seen.add(name)
        if kind not in BLOCKS:
            raise MalformedError(f"the tensor type {kind} is unknown", at)
        elements, width = BLOCKS[kind]
        total = math.prod(shape)
        if math.prod(size for size in shape if size) >= 1 << 63 or (shape and shape[0] % elements):
            yield context.found(
                BOUNDS, "Its elements overflow or do not fill whole blocks.", offset=at, evidence=_shown(name)
            )
            continue
        described.append((offset, total // elements * width, _shown(name), at))
    base = -(-cursor.at // alignment) * alignment
    end = 0
    for offset, length, shown, at in sorted(described):
        if offset % alignment:
            yield context.found(ALIGNMENT, f"It begins at {offset}, off the alignment.", offset=at, evidence=shown)
        if base + offset + length > source.size:
            yield context.found(
                BOUNDS,
                f"It ends {base + offset + length - source.size} bytes after the file; a careless loader reads there.",
                offset=at,
                evidence=shown,
            )
        if program := program_at(source, base + offset):
            yield context.found(
                EMBEDDED, "A tensor is a whole program.", offset=base + offset, evidence=f"{shown} {program}"
            )
        if length and offset < end:
            yield context.found(OVERLAP, "It begins inside another tensor.", offset=at, evidence=shown)
        elif offset - end >= alignment:
            yield context.found(GAP, f"{offset - end} bytes before it belong to nothing.", offset=at, evidence=shown)
        end = max(end, offset + length)
    rest = source.size - base - end
    padding = source.read(base + end, min(rest, alignment)) if described and 0 < rest < alignment else b""
    if padding.strip(b"\0") or (described and rest >= alignment and rest > 0):
        yield context.found(GAP, f"{rest} bytes follow the last tensor.", offset=base + end)
        yield from context.nested(source.sub(base + end), "trailing", opaque=True)


def _told(key: bytes) -> bool:
    """Whether a text says what the model is, or holds another configuration: people and agents read it."""
    return key.startswith(b"general.") or key.endswith((b".json", b".description"))


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _texts(value: Any) -> Iterator[tuple[int, bytes]]:
    if isinstance(value, tuple):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
