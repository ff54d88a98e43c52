"""LZ4 frames (LZ4 frame format 1.6.4, block format), decoded with bounds on everything; joblib can write them."""

from __future__ import annotations

from collections.abc import Callable

from bartizan.supplychain.source import ByteSource

MAGIC = b"\x04\x22\x4d\x18"
_HISTORY = 1 << 16
_SIZES = {4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20}


class Lz4Error(Exception):
    """The frame breaks the format."""


def decode_frame(source: ByteSource, offset: int, write: Callable[[bytes], None]) -> int:
    """One frame into ``write``; the offset after it. Checksums are not compared. Raises `Lz4Error`."""
    if not source.starts_with(MAGIC, offset):
        raise Lz4Error("no frame")
    flags, block = source.read(offset + 4, 1), source.read(offset + 5, 1)
    if not block or flags[0] >> 6 != 1:
        raise Lz4Error("the version is unknown")
    largest = _SIZES.get(block[0] >> 4 & 7)
    if largest is None:
        raise Lz4Error("the block size is unknown")
    independent, block_sum, sized, content_sum, dictionary = (bool(flags[0] & bit) for bit in (32, 16, 8, 4, 1))
    if dictionary:
        raise Lz4Error("it needs a dictionary")
    position = offset + 7 + (8 if sized else 0)
    history = b""
    while True:
        head = source.read(position, 4)
        if len(head) < 4:
            raise Lz4Error("it ends early")
        size = int.from_bytes(head, "little")
        position += 4
        if not size:
            return position + (4 if content_sum else 0)
        raw, size = bool(size >> 31), size & 0x7FFFFFFF
        if size > largest:
            raise Lz4Error("a block is too large")
        data = source.read(position, size)
        if len(data) < size:
            raise Lz4Error("it ends early")
        position += size + (4 if block_sum else 0)
        out = data if raw else _block(data, history, largest)
        write(out)
        history = b"" if independent else (history + out)[-_HISTORY:]


def _block(data: bytes, history: bytes, largest: int) -> bytes:
    out = bytearray(history)
    most = len(history) + largest
    at, end = 0, len(data)
    try:
        while at < end:
            token = data[at]
            at += 1
            length, at = _length(data, at, token >> 4)
            if at + length > end or len(out) + length > most:
                raise Lz4Error("literals go past the end")
            out += data[at : at + length]
            at += length
            if at >= end:
                break
            distance = data[at] | data[at + 1] << 8
            length, at = _length(data, at + 2, token & 15)
            length += 4
            start = len(out) - distance
            if not distance or start < 0 or len(out) + length > most:
                raise Lz4Error("a match lies outside")
            if distance >= length:
                out += out[start : start + length]
            else:
                piece = bytes(out[start:])
                out += (piece * (length // distance + 1))[:length]
    except IndexError:
        raise Lz4Error("it ends early") from None
    return bytes(out[len(history) :])


def _length(data: bytes, at: int, start: int) -> tuple[int, int]:
    if start == 15:
        more = 255
        while more == 255:
            more = data[at]
            at += 1
            start += more
    return start, at
