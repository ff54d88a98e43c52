"""A set of known values as a file: sorted, truncated HMAC-SHA256 digests (RFC 2104), and nothing of the values.

Who has the file without its key can neither read nor guess: values such as telephone numbers are few, so that a bare
hash would be undone by trying all of them. Who has both can try.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.inspection.known_values.canonical import Made, digests_of

SCHEMA: Final = "bartizan/known-values/v1"
LENGTH: Final = 12
"""Bytes kept of a digest: among 300,000, a text of a million candidates meets one by chance once in 10^17."""
MOST: Final = 300_000
"""Digests of one set; a value has up to three."""
SHORTEST_KEY: Final = 32
"""Characters; of hexadecimal digits, 128 bits."""


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal["bartizan/known-values/v1"]
    name: str
    key: str
    """Id of the key, so that a wrong one is noticed."""
    values: int
    lengths: tuple[int, ...]
    """Of canonical forms: what has another length is not digested."""
    digests: str
    """Base64 of all, sorted and in a row."""


class KnownSet:
    """Digests under a key.

    Args:
        name: named in signals.
        key: secret.
        digests: each of `LENGTH` bytes.
        lengths: of the forms behind them.
    """

    def __init__(self, name: str, key: bytes, digests: frozenset[bytes], lengths: frozenset[int]) -> None:
        self.name = name
        self.lengths = lengths
        self._key = key
        self._digests = digests

    def __contains__(self, form: Made) -> bool:
        return len(form.text) in self.lengths and _digest(self._key, form) in self._digests

    def __len__(self) -> int:
        return len(self._digests)


def key_of(text: str) -> bytes:
    """The key in a secret's text. Raises ConfigurationError for one that is too short."""
    if len(text) < SHORTEST_KEY:
        raise ConfigurationError(
            f"a key of known values has {len(text)} characters", f"at least {SHORTEST_KEY}, at random"
        )
    return text.encode()


def make_set(name: str, key: bytes, values: Iterable[str]) -> tuple[bytes, list[str]]:
    """The file's content, and the values that are left out because they could not be found again.

    Raises:
        ConfigurationError: there are too many, or none.
    """
    digests: set[bytes] = set()
    lengths: set[int] = set()
    kept, left = 0, []
    for value in values:
        forms = digests_of(value)
        if not forms:
            left.append(value)
            continue
        kept += 1
        digests.update(_digest(key, form) for form in forms)
        lengths.update(len(form.text) for form in forms)
        if len(digests) > MOST:
            raise ConfigurationError(f"more than {MOST:,} digests", "split the values into several sets")
    if not digests:
        raise ConfigurationError(
            "none of the values can be looked for", "addresses and numbers of six letters and digits and more can"
        )
    rows = base64.b64encode(b"".join(sorted(digests))).decode()
    document = _Document(SCHEMA, name, _id(key), kept, tuple(sorted(lengths)), rows)
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n", left


def read_set(content: bytes, file: str, key: bytes) -> KnownSet:
    """The set in a file. Raises ConfigurationError when it is none, or was made under another key."""
    try:
        document = msgspec.json.decode(content, type=_Document)
        rows = base64.b64decode(document.digests, validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise ConfigurationError(f"{file} is no set of known values: {error}", f"its schema is {SCHEMA}") from None
    if len(rows) % LENGTH or len(rows) > MOST * LENGTH:
        raise ConfigurationError(f"{file} is no set of known values: it has {len(rows)} bytes of digests")
    if not hmac.compare_digest(document.key, _id(key)):
        raise ConfigurationError(f"{file} was made under another key", "name the key it was made with")
    digests = frozenset(rows[at : at + LENGTH] for at in range(0, len(rows), LENGTH))
    return KnownSet(document.name, key, digests, frozenset(document.lengths))


def _digest(key: bytes, form: Made) -> bytes:
    return hmac.digest(key, f"{form.kind}:{form.text}".encode(), "sha256")[:LENGTH]


def _id(key: bytes) -> str:
    return hmac.new(key, b"id", hashlib.sha256).hexdigest()[:16]
