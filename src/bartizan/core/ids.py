"""Identifiers that sort by time (UUIDv7, RFC 9562 section 5.7)."""

from __future__ import annotations

import os
import time
import uuid

_FIXED = 0x7 << 76 | 0x2 << 62
"""Version and variant."""
_RANDOM = (1 << 80) - 1 & ~(0xF << 76 | 0x3 << 62)


def uuid7() -> uuid.UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    return uuid.UUID(int=_fresh())


def new_id(prefix: str) -> str:
    """A prefixed, time-ordered id such as ``req_0192f0c1…`` (32 hexadecimal digits)."""
    return f"{prefix}_{_fresh():032x}"


def _fresh() -> int:
    milliseconds = time.time_ns() // 1_000_000 & (1 << 48) - 1
    return milliseconds << 80 | _FIXED | int.from_bytes(os.urandom(10), "big") & _RANDOM
