"""Virtual keys: the credentials Bartizan issues to clients of the gateway.

A key reads ``bzn_`` + 43 URL-safe base64 characters (32 random bytes, unpadded) + 6 base62 digits of the CRC-32 of what
stands before them. The prefix and the checksum let a secret scanner tell a real key from a look-alike without asking
anybody; they protect nothing. Only the SHA-256 of a key is ever stored: 256 random bits need neither salt nor a slow
hash.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import zlib
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

from bartizan.core.errors import ConfigurationError

PREFIX: Final = "bzn_"
KEY_LENGTH: Final = len(PREFIX) + 43 + 6
KEY_PATTERN: Final = r"bzn_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}"
"""For secret scanners; confirm a match with :func:`is_well_formed`."""

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T")


def create_key() -> str:
    """A fresh key from the operating system's random source. Show it once, store :func:`key_digest` of it."""
    body = PREFIX + base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode("ascii")
    return body + _checksum(body)


def key_digest(key: str) -> str:
    """Hexadecimal SHA-256 of the key, as ``policy.yaml`` keeps it. Any text has one; unknown text matches no key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def key_id(digest: str) -> str:
    """The short public id of a key: the first 8 hexadecimal digits of its digest."""
    return digest[:8]


def is_well_formed(key: str) -> bool:
    """True if ``key`` has the form of a virtual key and its checksum agrees. Says nothing about its validity."""
    if len(key) != KEY_LENGTH or re.fullmatch(KEY_PATTERN, key) is None:
        return False
    return _checksum(key[:-6]) == key[-6:]


class KeyTable(Generic[T]):
    """Digest to whatever the key stands for.

    The lookup is a plain dictionary access by digest: its timing tells an attacker at most something about a hash
    of which he would have to find a preimage.

    Args:
        rows: pairs of hexadecimal SHA-256 and value.

    Raises:
        ConfigurationError: a digest is not 64 hexadecimal digits, or is there twice.
    """

    def __init__(self, rows: Iterable[tuple[str, T]]) -> None:
        self._rows: dict[str, T] = {}
        for digest, value in rows:
            lowered = digest.lower()
            if _DIGEST.fullmatch(lowered) is None:
                raise ConfigurationError(
                    "a virtual key's sha256 is not 64 hexadecimal digits", "create keys with `bartizan keys create`"
                )
            if lowered in self._rows:
                raise ConfigurationError(
                    f"the virtual key {key_id(lowered)} is listed twice", "give each principal a key of its own"
                )
            self._rows[lowered] = value

    def find(self, key: str) -> T | None:
        """What ``key`` stands for, or None. Keys from elsewhere work too, as long as their digest is listed."""
        return self._rows.get(key_digest(key))

    def __len__(self) -> int:
        return len(self._rows)


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode("ascii"))
    digits = ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = _BASE62[digit] + digits
    return digits
