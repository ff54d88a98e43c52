"""Pixels of PNG, PNM and BMP by readers of our own over zlib and numpy: bounded, and safe in memory.

Sources: W3C Portable Network Graphics (third edition), sections 5, 7 and 9; Netpbm's pgm(5) and ppm(5); the Windows
bitmap header.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bartizan.supplychain.interface import MalformedError

MOST_PIXELS = 512 * 512
Grey = NDArray[np.uint8]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PNM = re.compile(rb"P([56])\s+(?:#[^\n]{0,200}\s+)?(\d{1,6})\s+(\d{1,6})\s+(\d{1,5})\s")


def grey(raw: bytes) -> Grey | None:
    """The picture in shades of grey, rows by columns; None for what is not decoded here, or is too large.

    Raises:
        MalformedError: it breaks its format.
    """
    if raw.startswith(_SIGNATURE):
        return _png(raw)
    if raw[:2] in (b"P5", b"P6"):
        return _pnm(raw)
    if raw[:2] == b"BM":
        return _bmp(raw)
    return None


def _png(raw: bytes) -> Grey | None:
    width = height = depth = colour = interlace = 0
    palette = np.zeros((256, 3), dtype=np.uint8)
    packed = bytearray()
    for kind, content in _chunks(raw):
        if kind == b"IHDR" and len(content) == 13:
            width, height = int.from_bytes(content[:4]), int.from_bytes(content[4:8])
            depth, colour, interlace = content[8], content[9], content[12]
        elif kind == b"PLTE":
            entries = np.frombuffer(content[: len(content) // 3 * 3], dtype=np.uint8).reshape(-1, 3)[:256]
            palette[: len(entries)] = entries
        elif kind == b"IDAT":
            packed += content
    if not width or not height or colour not in _CHANNELS:
        raise MalformedError("a PNG without its header", 8)
    if width * height > MOST_PIXELS or depth != 8 or interlace:
        return None
    channels = _CHANNELS[colour]
    line = width * channels
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(bytes(packed), height * (line + 1))
    except zlib.error:
        raise MalformedError("PNG data that cannot be unpacked", 8) from None
    if len(data) < height * (line + 1):
        raise MalformedError("PNG data that end too early", len(raw))
    rows = _unfiltered(np.frombuffer(data, dtype=np.uint8).reshape(height, line + 1), channels)
    pixels = rows.reshape(height, width, channels)
    if colour == 3:
        return _luma(palette[pixels[:, :, 0]])
    return _luma(pixels[:, :, :3]) if channels >= 3 else pixels[:, :, 0]


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at + 12 <= len(raw):
        size = int.from_bytes(raw[at : at + 4])
        if at + 12 + size > len(raw):
            raise MalformedError("a PNG chunk that ends after the file", at)
        yield raw[at + 4 : at + 8], raw[at + 8 : at + 8 + size]
        if raw[at + 4 : at + 8] == b"IEND":
            return
        at += 12 + size
    raise MalformedError("a PNG without its end", at)


def _unfiltered(lines: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    out = np.zeros((lines.shape[0], lines.shape[1] - 1), dtype=np.uint8)
    above = np.zeros(out.shape[1], dtype=np.uint8)
    for number, line in enumerate(lines):
        kind, values = int(line[0]), line[1:]
        if kind == 0:
            above = values
        elif kind == 1:
            above = _summed(values, step)
        elif kind == 2:
            above = values + above
        elif kind in (3, 4):
            above = _sequential(values, above, step, paeth=kind == 4)
        else:
            raise MalformedError(f"a PNG line with the filter {kind}", 0)
        out[number] = above
    return out


def _summed(values: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    whole = np.cumsum(values.reshape(-1, step), axis=0, dtype=np.uint64)
    return whole.astype(np.uint8).reshape(-1)


def _sequential(values: NDArray[np.uint8], above: NDArray[np.uint8], step: int, *, paeth: bool) -> NDArray[np.uint8]:
    line, up = values.tolist(), above.tolist()
    for at in range(len(line)):
        left = line[at - step] if at >= step else 0
        if not paeth:
            line[at] = (line[at] + (left + up[at]) // 2) & 255
            continue
        corner = up[at - step] if at >= step else 0
        guess = left + up[at] - corner
        by_left, by_up, by_corner = abs(guess - left), abs(guess - up[at]), abs(guess - corner)
        best = left if by_left <= by_up and by_left <= by_corner else up[at] if by_up <= by_corner else corner
        line[at] = (line[at] + best) & 255
    return np.array(line, dtype=np.uint8)


def _pnm(raw: bytes) -> Grey | None:
    found = _PNM.match(raw[:1_000])
    if found is None:
        raise MalformedError("a PNM picture without its header", 0)
    width, height, most = int(found[2]), int(found[3]), int(found[4])
    channels = 3 if found[1] == b"6" else 1
    if width * height > MOST_PIXELS or most > 255:
        return None
    data = raw[found.end() : found.end() + width * height * channels]
    if not width or not height or len(data) < width * height * channels:
        raise MalformedError("a PNM picture that ends too early", len(raw))
    pixels = np.frombuffer(data, dtype=np.uint8).reshape(height, width, channels)
    return _luma(pixels) if channels == 3 else pixels[:, :, 0]


def _bmp(raw: bytes) -> Grey | None:
    start, width = int.from_bytes(raw[10:14], "little"), int.from_bytes(raw[18:22], "little", signed=True)
    height = int.from_bytes(raw[22:26], "little", signed=True)
    bits, packed = int.from_bytes(raw[28:30], "little"), int.from_bytes(raw[30:34], "little")
    if width <= 0 or height == 0:
        raise MalformedError("a bitmap without its header", 0)
    if bits not in (24, 32) or packed not in (0, 3) or width * abs(height) > MOST_PIXELS:
        return None
    line = (width * bits // 8 + 3) // 4 * 4
    data = raw[start : start + line * abs(height)]
    if len(data) < line * abs(height):
        raise MalformedError("a bitmap that ends too early", len(raw))
    rows = np.frombuffer(data, dtype=np.uint8).reshape(abs(height), line)[:, : width * bits // 8]
    pixels = rows.reshape(abs(height), width, bits // 8)[:, :, 2::-1]
    return _luma(pixels[::-1] if height > 0 else pixels)


def _luma(pixels: NDArray[np.uint8]) -> Grey:
    weighted: Grey = (pixels.astype(np.uint32) @ np.array([299, 587, 114], dtype=np.uint32) // 1000).astype(np.uint8)
    return weighted
