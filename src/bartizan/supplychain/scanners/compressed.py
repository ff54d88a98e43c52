"""One compressed stream around something: gzip, zlib, bzip2, xz, lzma, LZ4, Zstandard, and joblib's old ``ZF`` form."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterable

from bartizan.supplychain import lz4
from bartizan.supplychain.interface import (
    MALFORMED,
    Admission,
    ArtefactFinding,
    ByteSource,
    Context,
    Rule,
    Severity,
    scanner,
)
from bartizan.supplychain.unpacking import Spool, UnpackError, unpack

BROKEN = Rule(
    id="compressed.broken",
    title="Compressed stream that cannot be read to its end",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=MALFORMED,
)
TRAILING = Rule(
    id="compressed.trailing_data",
    title="Data after a compressed stream",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=MALFORMED,
)
_MARKS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (lz4.MAGIC, "lz4"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_SMALL_WINDOW = (1 << 16).to_bytes(4, "little")
"""Size of the dictionary for a first look."""
_ENDINGS = (".gz", ".bz2", ".xz", ".lzma", ".lz4", ".zst", ".z")


def kind_of(source: ByteSource) -> tuple[str, int]:
    """The codec and where its stream begins; an empty name for something else."""
    for mark, kind in _MARKS:
        if source.starts_with(mark):
            return kind, 0
    if source.starts_with(b"\x5d\x00") and _begins_lzma(source.read(0, 512)):
        return "lzma", 0
    if source.starts_with(b"ZF") and _zlib_head(source.read(21, 2)):
        return "zlib", 21
    if source.starts_with(b"ZF") and _zlib_head(source.read(12, 2)):
        return "zlib", 12
    return ("zlib", 0) if _zlib_head(source.read(0, 2)) and _begins(source.read(0, 512)) else ("", 0)


def _zlib_head(head: bytes) -> bool:
    return len(head) == 2 and head[0] & 0x8F == 8 and not head[1] & 0x20 and (head[0] << 8 | head[1]) % 31 == 0


def _begins(data: bytes) -> bool:
    try:
        zlib.decompressobj().decompress(data)  # gives nothing for empty blocks, of which there may be any number
    except zlib.error:
        return False
    return True


def _begins_lzma(data: bytes) -> bool:
    """Whether the coder takes it, whatever the size of the dictionary: joblib goes by two bytes and lets it decide."""
    try:
        lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(data[:1] + _SMALL_WINDOW + data[5:], 1 << 16)
    except lzma.LZMAError:
        return False
    return True


def _after_zeros(source: ByteSource, offset: int) -> int:
    while block := source.read(offset, 1 << 16):
        rest = block.lstrip(b"\0")
        offset += len(block) - len(rest)
        if rest:
            break
    return offset


@scanner
class Compressed:
    """What is inside is scanned like a file of its own, as joblib, pandas and people unpack it."""

    id = "compressed"
    rules = (BROKEN, TRAILING)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """By the codecs' magic; zlib by its check bits and a first block that can be read."""
        return bool(kind_of(source)[0])

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Findings of the content; streams in a row are one content, as all the readers have it."""
        kind, offset = kind_of(source)
        spool = Spool(context.budget, source.size)
        while offset < source.size:
            try:
                offset = unpack(kind, source, offset, spool)
            except UnpackError as problem:
                yield context.found(BROKEN, f"{problem}; readers may use what comes before the fault.", offset=offset)
                break
            if kind == "gzip":  # Python's reader passes over zeros between members
                offset = _after_zeros(source, offset)
            rest = source.sub(offset)
            if not rest.size or kind_of(rest) != (kind, 0):
                if rest.read(0, 4096).strip(b"\0"):
                    yield context.found(
                        TRAILING, f"{rest.size} bytes follow the {kind} stream.", offset=offset,
                        evidence=rest.read(0, 16).hex(),
                    )  # fmt: skip
                    yield from context.nested(rest, "trailing", opaque=True)
                break
        name = context.name
        for ending in _ENDINGS:
            name = name.removesuffix(ending)
        if spool.size:
            content = spool.source(name)
            yield from context.nested(content, kind, container="joblib" if kind != "zstd" else "")
