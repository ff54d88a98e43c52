"""The wire format of Protocol Buffers, as much of it as OTLP needs (https://protobuf.dev/programming-guides/encoding)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number as its 64-bit two's complement."""
    value &= (1 << 64) - 1
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(number: int, value: int) -> bytes:
    """A field of type int64, uint64, bool or enum."""
    return varint(number << 3 | _VARINT) + varint(value)


def fixed64(number: int, value: int) -> bytes:
    """A field of type fixed64; the value is cut to what fits."""
    return varint(number << 3 | _FIXED64) + struct.pack("<Q", value & (1 << 64) - 1)


def double(number: int, value: float) -> bytes:
    """A field of type double."""
    return varint(number << 3 | _FIXED64) + struct.pack("<d", value)


def data(number: int, value: bytes) -> bytes:
    """A field of type bytes, or an embedded message."""
    return varint(number << 3 | _LENGTH) + varint(len(value)) + value


def text(number: int, value: str) -> bytes:
    """A field of type string; what cannot be UTF-8 is replaced."""
    return data(number, value.encode("utf-8", "replace"))


def fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field. Raises ValueError when the content is no message."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if not number:
            raise ValueError("field number 0")
        if kind == _VARINT:
            value, place = _varint(content, place)
            yield number, value
            continue
        if kind == _LENGTH:
            size, place = _varint(content, place)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("unknown wire type")
        if size > len(content) - place:
            raise ValueError("cut short")
        yield number, content[place : place + size]
        place += size


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(content) or shift > 63:
            raise ValueError("no varint")
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
