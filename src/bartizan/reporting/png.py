"""Pictures as PNG (ISO/IEC 15948): eight bits a sample, grey or RGB, no filter."""

from __future__ import annotations

import struct
import zlib


def png(width: int, height: int, pixels: bytes) -> bytes:
    """The file for ``height * width`` bytes of grey, or three times as many of RGB.

    Raises:
        ValueError: any other number of bytes, or no pixels.
    """
    channels = {width * height: 1, 3 * width * height: 3}.get(len(pixels))
    if channels is None or width < 1 or height < 1:
        raise ValueError(f"{len(pixels)} bytes are no picture of {width} by {height}")
    line = width * channels
    rows = b"".join(b"\0" + pixels[start : start + line] for start in range(0, len(pixels), line))
    head = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
