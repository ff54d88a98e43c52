"""Writes pickle streams opcode by opcode, so that attacks can be built without an object that pickles itself."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any


def text(value: str, protocol: int = 4) -> bytes:
    """A string, in the form that ``protocol`` uses."""
    raw = value.encode()
    if protocol == 0:
        return b"V" + value.encode("raw_unicode_escape") + b"\n"
    if protocol >= 4 and len(raw) < 256:
        return b"\x8c" + bytes([len(raw)]) + raw
    return b"X" + struct.pack("<I", len(raw)) + raw


def blob(value: bytes) -> bytes:
    """Bytes."""
    return b"B" + struct.pack("<I", len(value)) + value


def name(module: str, attribute: str, protocol: int = 4) -> bytes:
    """A global, by STACK_GLOBAL from protocol 4 on."""
    if protocol >= 4:
        return text(module) + text(attribute) + b"\x93"
    return f"c{module}\n{attribute}\n".encode()


def value(thing: Any, protocol: int = 4) -> bytes:
    """Plain data; a ``bytes`` instance of a `Raw` stands for opcodes."""
    if isinstance(thing, Raw):
        return bytes(thing)
    if thing is None:
        return b"N"
    if isinstance(thing, bool):
        return (b"I01\n" if thing else b"I00\n") if protocol < 2 else (b"\x88" if thing else b"\x89")
    if isinstance(thing, int):
        return f"I{thing}\n".encode() if protocol == 0 else b"J" + struct.pack("<i", thing)
    if isinstance(thing, str):
        return text(thing, protocol)
    if isinstance(thing, bytes):
        return blob(thing)
    if isinstance(thing, tuple):
        return b"(" + b"".join(value(one, protocol) for one in thing) + b"t"
    if isinstance(thing, list):
        return b"(" + b"".join(value(one, protocol) for one in thing) + b"l"
    if isinstance(thing, dict):
        return b"(" + b"".join(value(one, protocol) for pair in thing.items() for one in pair) + b"d"
    raise TypeError(f"no opcodes for {type(thing).__name__}")


class Raw(bytes):
    """Opcodes that leave one value on the stack."""


def call(module: str, attribute: str, arguments: Sequence[Any], protocol: int = 4) -> Raw:
    """REDUCE of a global on a tuple."""
    return Raw(name(module, attribute, protocol) + value(tuple(arguments), protocol) + b"R")


def built(made: bytes, state: Any, protocol: int = 4) -> Raw:
    """BUILD."""
    return Raw(made + value(state, protocol) + b"b")


def made(module: str, attribute: str, arguments: Sequence[Any] = (), protocol: int = 4) -> Raw:
    """NEWOBJ."""
    return Raw(name(module, attribute, protocol) + value(tuple(arguments), protocol) + b"\x81")


def whole(body: bytes, protocol: int = 4, framed: bool = False) -> bytes:
    """A pickle of ``body``, with the mark of its protocol and STOP."""
    body += b"."
    if framed:
        body = b"\x95" + struct.pack("<Q", len(body)) + body
    return (b"\x80" + bytes([protocol]) if protocol >= 2 else b"") + body
