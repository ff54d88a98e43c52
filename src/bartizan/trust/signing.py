"""Ed25519 signatures (RFC 8032): key pairs in one-line files, made once and kept outside of what they sign.

A private key is the base64 of its PKCS#8 DER, a public key that of its SubjectPublicKeyInfo DER, so that
``base64 -d KEY | openssl pkey -inform DER -text`` reads both.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from bartizan.core.errors import BartizanError, ConfigurationError

PUBLIC_SUFFIX: Final = ".pub"
_LONGEST: Final = 4_096


class SignatureInvalid(BartizanError):  # noqa: N818 - says what is the case
    """A signature does not belong to the content, or its key is not among the trusted ones."""


class PublicKey:
    """Verifies signatures.

    Args:
        key: the key itself.
    """

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        self.id = hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]
        """First 16 hexadecimal digits of the SHA-256 of the 32 key bytes."""

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """A key from its line of text. Raises ConfigurationError."""
        try:
            key = load_der_public_key(_decoded(text))
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise ConfigurationError("this is no public Ed25519 key", "make a pair with `bartizan keys signing FILE`")
        return cls(key)

    def text(self) -> str:
        """The line that :meth:`parse` reads."""
        return _encoded(self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def verify(self, content: bytes, signature: bytes) -> None:
        """Return if ``signature`` was made over ``content`` with the private half. Raises SignatureInvalid."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            raise SignatureInvalid(f"the signature under key {self.id} does not belong to this content") from None


class SigningKey:
    """Signs.

    Args:
        key: the key itself.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    @classmethod
    def create(cls) -> SigningKey:
        """A fresh key from the operating system's random source."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """A key from its line of text, which no error repeats. Raises ConfigurationError."""
        try:
            key = load_der_private_key(_decoded(text), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigurationError("this is no private Ed25519 key", "make a pair with `bartizan keys signing FILE`")
        return cls(key)

    def text(self) -> str:
        """The line that :meth:`parse` reads. It is the secret."""
        return _encoded(self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))

    def sign(self, content: bytes) -> bytes:
        """64 bytes, the same each time for the same content."""
        return self._key.sign(content)

    def __repr__(self) -> str:
        return f"SigningKey(id={self.public.id!r})"


class TrustedKeys:
    """The public keys whose signatures count.

    Args:
        keys: any number of them; without any, nothing verifies.
    """

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._keys = {key.id: key for key in keys}

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids, in the order given."""
        return tuple(self._keys)

    def verify(self, key_id: str, content: bytes, signature: bytes) -> None:
        """Return if the key of that id is trusted and made the signature. Raises SignatureInvalid."""
        key = self._keys.get(key_id)
        if key is None:
            raise SignatureInvalid(f"key {key_id} is not among the trusted keys", "name its public half with --key")
        key.verify(content, signature)


def write_key_pair(path: Path) -> SigningKey:
    """Make a key, write it to ``path`` (mode 0600) and its public half beside it (``.pub``); never overwrites.

    Raises:
        ConfigurationError: one of the files is there already, or cannot be written.
    """
    key = SigningKey.create()
    public = path.with_name(path.name + PUBLIC_SUFFIX)
    for target, text, mode in ((path, key.text(), 0o600), (public, key.public.text(), 0o644)):
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ConfigurationError(f"cannot write {target}: {error.strerror}", "keys are never overwritten") from None
    return key


def read_public_key(path: Path) -> PublicKey:
    """The public key in a file. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST)
    except OSError as error:
        raise ConfigurationError(f"cannot read the public key {path}: {error.strerror}") from None
    try:
        return PublicKey.parse(content.decode("ascii"))
    except (UnicodeDecodeError, ConfigurationError):
        raise ConfigurationError(f"{path} is no public Ed25519 key", "it is the .pub file of a pair") from None


def _encoded(der: bytes) -> str:
    return base64.b64encode(der).decode("ascii")


def _decoded(text: str) -> bytes:
    if len(text) > _LONGEST:
        raise ValueError
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise ValueError from error
