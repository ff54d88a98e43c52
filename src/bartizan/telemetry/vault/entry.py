"""The form of the vault's files: one JSON line for the segment, then one for each text.

    {"vault":1,"id":ID,"at":TIME,"recipient":KEY,"sealed":BASE64}
    {"key":80 CHARACTERS,"sketch":172 CHARACTERS,"at":TIME,"under":KEY,"mac":HEX,"text":BASE64}

``sealed`` is the segment's key under the vault's public key. ``key`` is the text's own key under the segment's
(AES-256-GCM: nonce, ciphertext, tag); ``text`` is the text under its own key, which is used once, with a nonce of
zeros. ``key`` and ``sketch`` stand at fixed places, where erasing overwrites them with dashes; nothing else of a line
ever changes.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bartizan.core.clock import rfc3339
from bartizan.core.errors import BartizanError

KEY_BYTES: Final = 32
KEY_CHARACTERS: Final = 80
SKETCH_BYTES: Final = 129
SKETCH_CHARACTERS: Final = 172
LONGEST_LINE: Final = 400_000
"""Bytes; a text of 20,000 characters needs less, whatever its script."""
KEY_AT: Final = len(b'{"key":"')
SKETCH_AT: Final = KEY_AT + KEY_CHARACTERS + len(b'","sketch":"')
_DIGEST_DIGITS: Final = 32
_NONCE: Final = 12
_ONCE: Final = bytes(_NONCE)
_ERASED_KEY: Final = b"-" * KEY_CHARACTERS
_ERASED_SKETCH: Final = b"-" * SKETCH_CHARACTERS
_NO_KEY: Final = b"." * KEY_CHARACTERS
_NO_SKETCH: Final = b"." * SKETCH_CHARACTERS
_REFERENCE: Final = re.compile(r"([0-9a-f]{32})\.(0|[1-9][0-9]{0,14})\.([0-9a-f]{32})")


class EntryDamaged(BartizanError):  # noqa: N818 - says what is the case
    """An entry of the vault is not what was written."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a segment."""

    vault: int = 1
    id: str
    at: datetime
    recipient: str = ""
    """Id of the public key; empty where no text is kept, but sketches."""
    sealed: str = ""


class _Line(msgspec.Struct, frozen=True):
    key: str
    sketch: str
    at: datetime
    under: str
    mac: str
    text: str


class Reference(NamedTuple):
    """Where an entry is, and what it is: what a record says of its text."""

    segment: str
    """32 hexadecimal digits."""
    offset: int
    digest: str
    """First 128 bits of the SHA-256 of the line as it was written, without its newline."""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Raises EntryDamaged."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise EntryDamaged(f"{text[:100]!r} does not name an entry of the vault")
        return cls(match[1], int(match[2]), match[3])

    @property
    def entry(self) -> str:
        """``<segment>.<offset>``, as tombstones name it."""
        return f"{self.segment}.{self.offset}"


class Entry(NamedTuple):
    """One line of a segment, read."""

    at: datetime
    under: str
    """Id of the commitment key, under which ``mac`` and ``sketch`` were made."""
    mac: str
    sketch: bytes | None
    """None where none was kept, or it was erased."""
    erased: bool
    wrapped: bytes
    sealed: bytes

    def text(self, key: bytes, place: str) -> str:
        """The text.

        Args:
            key: the segment's.
            place: ``<segment>.<offset>``.

        Raises:
            EntryDamaged: it was erased, none was kept, or a byte of it is not as it was.
        """
        if self.erased or not self.wrapped:
            raise EntryDamaged("its text was erased" if self.erased else "no text was kept")
        bound = _bound(place, self.mac)
        try:
            own = AESGCM(key).decrypt(self.wrapped[:_NONCE], self.wrapped[_NONCE:], bound)
            return AESGCM(own).decrypt(_ONCE, self.sealed, bound).decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError):
            raise EntryDamaged("it was altered: it does not open") from None


def write_entry(
    key: AESGCM | None, place: str, at: datetime, under: str, mac: str, text: str | None, sketch: bytes
) -> bytes:
    """The line of an entry, without its newline.

    Args:
        key: the segment's; None keeps no text.
        place: ``<segment>.<offset>``, to which the ciphertext is bound.
        at: now.
        under: id of the commitment key.
        mac: of the commitment to the unredacted text.
        text: as it is kept, if it is.
        sketch: SKETCH_BYTES of them, or none.
    """
    wrapped, sealed = _NO_KEY, b""
    if key is not None and text is not None:
        bound = _bound(place, mac)
        random = os.urandom(KEY_BYTES + _NONCE)
        own, nonce = random[:KEY_BYTES], random[KEY_BYTES:]
        wrapped = base64.b64encode(nonce + key.encrypt(nonce, own, bound))
        sealed = base64.b64encode(AESGCM(own).encrypt(_ONCE, text.encode("utf-8", "surrogatepass"), bound))
    drawn = base64.b64encode(sketch) if sketch else _NO_SKETCH
    return b'{"key":"%s","sketch":"%s","at":"%s","under":"%s","mac":"%s","text":"%s"}' % (
        wrapped,
        drawn,
        rfc3339(at).encode("ascii"),
        under.encode("ascii"),
        mac.encode("ascii"),
        sealed,
    )


def read_entry(line: bytes) -> Entry:
    """An entry from its line. Raises EntryDamaged."""
    try:
        found = msgspec.json.decode(line, type=_Line)
        erased = is_erased(line)
        sketch = None
        if not erased and found.sketch.encode() != _NO_SKETCH:
            sketch = base64.b64decode(found.sketch, validate=True)
        wrapped = b"" if erased or found.key.encode() == _NO_KEY else base64.b64decode(found.key, validate=True)
        sealed = base64.b64decode(found.text, validate=True)
        return Entry(found.at, found.under, found.mac, sketch, erased, wrapped, sealed)
    except (msgspec.DecodeError, UnicodeError, binascii.Error, ValueError):
        raise EntryDamaged("it was altered: it is no entry") from None


def is_erased(line: bytes) -> bool:
    """Key and sketch of the entry were destroyed."""
    key, sketch = line[KEY_AT : KEY_AT + KEY_CHARACTERS], line[SKETCH_AT : SKETCH_AT + SKETCH_CHARACTERS]
    return key == _ERASED_KEY and sketch == _ERASED_SKETCH


def erasures() -> tuple[tuple[int, bytes], ...]:
    """What erasing writes, and where, counted from the start of the line."""
    return (KEY_AT, _ERASED_KEY), (SKETCH_AT, _ERASED_SKETCH)


def line_digest(line: bytes) -> str:
    """As a :class:`Reference` carries it."""
    return sha256(line).hexdigest()[:_DIGEST_DIGITS]


def _bound(place: str, mac: str) -> bytes:
    return f"{place} {mac}".encode("ascii", "replace")
