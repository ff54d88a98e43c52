"""Decompression within the budget: to memory while small, to an unnamed temporary file beyond that."""

from __future__ import annotations

import bz2
import importlib
import lzma
import mmap
import tempfile
import zlib
from typing import IO, Any

from bartizan.supplychain.budget import Budget, BudgetError
from bartizan.supplychain.lz4 import Lz4Error, decode_frame
from bartizan.supplychain.source import ByteSource

_CHUNK = 1 << 18
_OUTPUT = 1 << 20
_LZMA_MEMORY = 128 << 20


class UnpackError(Exception):
    """The compressed stream is broken or of a kind that cannot be read here."""


class Spool:
    """Collects unpacked bytes and gives them back as a source."""

    def __init__(self, budget: Budget, packed: int) -> None:
        self._budget = budget
        self._most = max(budget.limits.ratio * packed, 16 << 20)
        self._parts: list[bytes] = []
        self._file: IO[bytes] | None = None
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `BudgetError` past a limit."""
        self._budget.unpack(len(data))
        if self.size + len(data) > self._most:
            raise BudgetError("ratio", self._budget.limits.ratio)
        self.size += len(data)
        if self._file is None and self.size > self._budget.limits.memory:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as its source
            self._file.write(b"".join(self._parts))
            self._parts = []
        if self._file is None:
            self._parts.append(data)
        else:
            self._file.write(data)

    def source(self, name: str) -> ByteSource:
        """Everything written, as one source."""
        if self._file is None:
            return ByteSource(b"".join(self._parts), name)
        self._file.flush()
        return ByteSource(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ), name)


def unpack(kind: str, source: ByteSource, offset: int, spool: Spool) -> int:
    """One stream of ``kind`` from ``offset`` on into ``spool``; the offset after it.

    Raises `UnpackError` (what came before the fault is in the spool) and `BudgetError`.
    """
    try:
        if kind in {"gzip", "zlib", "deflate"}:
            return _zlib(source, offset, spool, {"gzip": 31, "zlib": 15, "deflate": -15}[kind])
        if kind in {"bz2", "xz", "lzma"}:
            decoder: Any = bz2.BZ2Decompressor()
            if kind != "bz2":
                form = lzma.FORMAT_XZ if kind == "xz" else lzma.FORMAT_ALONE
                decoder = lzma.LZMADecompressor(form, memlimit=_LZMA_MEMORY)
            return _pull(decoder, source, offset, spool)
        if kind == "lz4":
            return decode_frame(source, offset, spool.write)
        return _zstd(source, offset, spool)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, Lz4Error) as error:
        raise UnpackError(f"the {kind} stream is broken: {error}") from None


def _zlib(source: ByteSource, offset: int, spool: Spool, bits: int) -> int:
    decoder = zlib.decompressobj(bits)
    position, pending = offset, b""
    while not decoder.eof:
        if not pending:
            pending = source.read(position, _CHUNK)
            position += len(pending)
            if not pending:
                raise EOFError("it ends early")
        spool.write(decoder.decompress(pending, _OUTPUT))
        pending = decoder.unconsumed_tail
    return position - len(decoder.unused_data)


def _pull(decoder: Any, source: ByteSource, offset: int, spool: Spool) -> int:
    position = offset
    while not decoder.eof:
        piece = b""
        if decoder.needs_input:
            piece = source.read(position, _CHUNK)
            position += len(piece)
            if not piece:
                raise EOFError("it ends early")
        spool.write(decoder.decompress(piece, _OUTPUT))
    return position - len(decoder.unused_data)


def _zstd(source: ByteSource, offset: int, spool: Spool) -> int:
    for name in ("compression.zstd", "zstandard"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if name == "compression.zstd":
            return _pull(module.ZstdDecompressor(), source, offset, spool)
        decoder = module.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        position = offset
        while not decoder.eof:
            piece = source.read(position, 1 << 12)
            position += len(piece)
            if not piece:
                raise EOFError("it ends early")
            try:
                spool.write(decoder.decompress(piece))
            except module.ZstdError as error:
                raise ValueError(str(error)) from None
        return position - len(decoder.unused_data)
    raise UnpackError("Zstandard cannot be read without Python 3.14 or the package zstandard")
