"""Reads numbers and strings one after the other, and says where a file ends too early."""

from __future__ import annotations

import struct
from typing import Literal

from bartizan.supplychain.interface import ByteSource, MalformedError

_WINDOW = 1 << 16


class Cursor:
    """A position in a source. Every read past the end is a `MalformedError` with the offset of the read.

    Args:
        order: ``<`` little endian, ``>`` big endian.
        end: exclusive; the source's size for -1.
    """

    def __init__(self, source: ByteSource, at: int = 0, order: Literal["<", ">"] = "<", end: int = -1) -> None:
        self.source = source
        self.at = at
        self.order = order
        self.end = source.size if end < 0 else min(end, source.size)
        self._window = b""
        self._begin = 0

    @property
    def left(self) -> int:
        """Bytes up to the end."""
        return self.end - self.at

    def take(self, length: int, what: str = "bytes") -> bytes:
        """The next ``length`` bytes."""
        self.need(length, what)
        data = self._view(length)
        self.at += length
        return data

    def skip(self, length: int, what: str = "bytes") -> None:
        """Pass over ``length`` bytes."""
        self.need(length, what)
        self.at += length

    def need(self, length: int, what: str) -> None:
        """Make sure that so many bytes follow."""
        if length < 0 or length > self.left:
            raise MalformedError(
                f"{what} of {length} bytes does not fit into the {max(0, self.left)} that follow", self.at
            )

    def u8(self, what: str = "a byte") -> int:
        """An unsigned byte."""
        return self.take(1, what)[0]

    def u16(self, what: str = "a number") -> int:
        """An unsigned number of 16 bits."""
        return self._number("H", 2, what)

    def u32(self, what: str = "a number") -> int:
        """An unsigned number of 32 bits."""
        return self._number("I", 4, what)

    def u64(self, what: str = "a number") -> int:
        """An unsigned number of 64 bits."""
        return self._number("Q", 8, what)

    def _number(self, code: str, size: int, what: str) -> int:
        number: int = struct.unpack(self.order + code, self.take(size, what))[0]
        return number

    def _view(self, length: int) -> bytes:
        if length > _WINDOW:
            return self.source.read(self.at, length)
        begin = self.at - self._begin
        if begin < 0 or begin + length > len(self._window):
            self._window = self.source.read(self.at, min(_WINDOW, self.left))
            self._begin, begin = self.at, 0
        return self._window[begin : begin + length]
