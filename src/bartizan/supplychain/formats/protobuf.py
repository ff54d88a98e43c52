"""The wire format of Protocol Buffers, field by field, without descriptions of messages.

Source: protobuf.dev, "Encoding". Groups, which proto3 dropped, are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bartizan.supplychain.interface import Budget, ByteSource, MalformedError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WINDOW = 1 << 16


class Field(NamedTuple):
    """One field of a message."""

    number: int
    wire: int
    value: int
    """The number, for `VARINT`; 0 otherwise."""
    at: int
    """Offset in the source of the value's first byte."""
    length: int
    """Bytes of the value."""


class Message:
    """A run of fields ``[start, end)`` in a source. Raises `MalformedError` where fields do not fill it exactly."""

    def __init__(self, source: ByteSource, budget: Budget, start: int = 0, end: int = -1) -> None:
        self.source = source
        self.budget = budget
        self.start = start
        self.end = source.size if end < 0 else end

    def __iter__(self) -> Iterator[Field]:
        at, end = self.start, self.end
        begin, window = at, b""
        while at < end:
            self.budget.step()
            here = at - begin
            if here + 20 > len(window) and begin + len(window) < end:
                begin, here = at, 0
                window = self.source.read(at, min(_WINDOW, end - at))
            key, here = _varint(window, here, begin)
            number, wire = key >> 3, key & 7
            value, length = 0, 0
            if number == 0 or number >= 1 << 29:
                raise MalformedError(f"a field has the number {number}", at)
            if wire == VARINT:
                first = here
                value, here = _varint(window, here, begin)
                at, length = begin + first, here - first
            elif wire == BYTES:
                length, here = _varint(window, here, begin)
                at = begin + here
            elif wire in (FIXED64, FIXED32):
                at, length = begin + here, 8 if wire == FIXED64 else 4
            else:
                raise MalformedError(f"a field has the wire type {wire}", at)
            if length > end - at:
                raise MalformedError(f"a field of {length} bytes does not fit into its message", at)
            yield Field(number, wire, value, at, length)
            at += length

    def inner(self, field: Field) -> Message:
        """The message that a field holds; one without fields for another wire type."""
        if field.wire != BYTES:
            return Message(self.source, self.budget, field.at, field.at)
        return Message(self.source, self.budget, field.at, field.at + field.length)

    def raw(self, field: Field, most: int = 1 << 16) -> bytes:
        """The first ``most`` bytes of a field."""
        return self.source.read(field.at, min(field.length, most)) if field.wire == BYTES else b""

    def text(self, field: Field, most: int = 1 << 16) -> str:
        """The same as text; bytes that are no UTF-8 are shown as escapes."""
        return self.raw(field, most).decode("utf-8", "backslashreplace")


def _varint(window: bytes, here: int, begin: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if here >= len(window):
            raise MalformedError("a number is cut off", begin + here)
        byte = window[here]
        here += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, here
        shift += 7
        if shift > 63:
            raise MalformedError("a number is longer than ten bytes", begin + here)


def fields_at_top(source: ByteSource, budget: Budget, most: int = 400) -> dict[tuple[int, int], int] | None:
    """How often each (number, wire type) stands among the first ``most`` fields of a file; None if it is no message."""
    found: dict[tuple[int, int], int] = {}
    try:
        for count, field in enumerate(Message(source, budget)):
            key = field.number, field.wire
            found[key] = found.get(key, 0) + 1
            if count >= most:
                break
    except MalformedError:
        return None
    return found
