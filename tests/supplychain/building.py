"""Builds files of several formats byte by byte, and scans them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from bartizan.core.artefact import Admission, ArtefactFinding
from bartizan.supplychain.budget import Budget, Limits
from bartizan.supplychain.engine import Scan
from bartizan.supplychain.registry import scanners
from bartizan.supplychain.source import ByteSource


def scanned(raw: bytes, name: str = "") -> list[ArtefactFinding]:
    """Findings of a file with this content and name."""
    return Scan(scanners(), Budget(Limits(seconds=20))).run(ByteSource(raw, name))


def rules_of(raw: bytes, name: str = "") -> set[str]:
    return {finding.rule for finding in scanned(raw, name)}


def verdict(raw: bytes, name: str = "") -> Admission:
    return Admission.strictest(finding.admission for finding in scanned(raw, name))


def json_bytes(root: Any) -> bytes:
    return json.dumps(root).encode()


# -- safetensors
def safetensors(header: dict[str, Any] | bytes, data: bytes = b"") -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


# -- GGUF
def gguf_text(text: str | bytes, order: str = "<", width: str = "Q") -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack(order + width, len(raw)) + raw


def gguf(
    pairs: Sequence[tuple[str, int, bytes]] = (),
    tensors: Sequence[tuple[str, Sequence[int], int, int]] = (),
    data: bytes = b"",
    version: int = 3,
    order: str = "<",
    alignment: int = 32,
) -> bytes:
    """``pairs``: key, type, encoded value; ``tensors``: name, shape, type, offset."""
    width = "I" if version == 1 else "Q"
    out = b"GGUF" + struct.pack(order + "I" + width * 2, version, len(tensors), len(pairs))
    for key, kind, value in pairs:
        out += gguf_text(key, order, width) + struct.pack(order + "I", kind) + value
    for name, shape, kind, offset in tensors:
        out += gguf_text(name, order, width) + struct.pack(order + "I", len(shape))
        out += struct.pack(order + width * len(shape), *shape) + struct.pack(order + "IQ", kind, offset)
    if tensors:
        out += b"\0" * (-len(out) % alignment)
    return out + data


def template_gguf(template: str) -> bytes:
    return gguf([("tokenizer.chat_template", 8, gguf_text(template))])


# -- Protocol Buffers
def varint(number: int) -> bytes:
    out = b""
    while True:
        byte, number = number & 0x7F, number >> 7
        out += bytes([byte | (0x80 if number else 0)])
        if not number:
            return out


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def fields(number: int, values: Iterable[int | str | bytes]) -> bytes:
    return b"".join(field(number, value) for value in values)
