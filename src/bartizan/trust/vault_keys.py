"""Key pairs of the vault: who writes needs the public half alone, who reads needs the private one.

A data key is sealed by HPKE (RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM). One folder holds the
pairs, ``vault-<creation time>-<id>.pub`` and ``.key``; the newest public key is in use, older private ones still open
what was sealed to them. The private files need not be on the machine that writes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from datetime import UTC
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError, ConfigurationError

_PUBLIC: Final = re.compile(r"vault-[0-9]{8}T[0-9]{6}Z-([0-9a-f]{16})\.pub")
_LONGEST: Final = 4_096
_INFO: Final = b"bartizan vault v1"


class VaultClosed(BartizanError):  # noqa: N818 - says what is the case
    """The private key that opens a part of the vault is not here, or does not fit."""


class Recipient(NamedTuple):
    """A public key to seal to."""

    id: str
    """First 16 hexadecimal digits of the SHA-256 of the 32 key bytes."""
    key: X25519PublicKey

    def seal(self, secret: bytes) -> bytes:
        """``secret``, so that only the private half opens it; 48 bytes longer."""
        return _suite().encrypt(secret, self.key, _INFO)


def create_vault_key(folder: Path) -> str:
    """Make a key pair in ``folder``, which is made if need be; from now on it is the one in use. Returns its id.

    Raises:
        ConfigurationError: the folder or a file in it cannot be written.
    """
    key = X25519PrivateKey.generate()
    identifier = _identifier(key.public_key())
    stem = f"vault-{utc_now().astimezone(UTC):%Y%m%dT%H%M%SZ}-{identifier}"
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The private half first: nothing may ever be sealed to a key that was lost half way.
        for name, content, mode in ((f"{stem}.key", private, 0o600), (f"{stem}.pub", public, 0o644)):
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(content) + b"\n")
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError(f"cannot make a vault key in {folder}: {error.strerror}") from None
    return identifier


def newest_recipient(folder: Path) -> Recipient:
    """The public key in use. Raises ConfigurationError if there is none, or it is damaged."""
    try:
        names = sorted(entry.name for entry in folder.iterdir() if _PUBLIC.fullmatch(entry.name))
    except OSError as error:
        raise ConfigurationError(f"cannot list the vault's keys in {folder}: {error.strerror}") from None
    if not names:
        raise ConfigurationError(f"there is no vault key in {folder}", f"make one: bartizan keys vault {folder}")
    path = folder / names[-1]
    key = _load(path, private=False)
    match = _PUBLIC.fullmatch(path.name)
    if not isinstance(key, X25519PublicKey) or match is None or _identifier(key) != match[1]:
        raise ConfigurationError(f"{path} is damaged: it is not the key its name says", "restore it from a backup")
    return Recipient(match[1], key)


def open_sealed(folder: Path, identifier: str, sealed: bytes) -> bytes:
    """What was sealed to the key of that id.

    Raises:
        VaultClosed: the private key is not in ``folder``, others may read it, or it does not open this.
    """
    paths = sorted(folder.glob("vault-*.key"))
    path = next((path for path in paths if path.stem.endswith("-" + identifier)), None)
    if path is None:
        raise VaultClosed(f"the private vault key {identifier} is not in {folder}", "name its folder with --keys")
    if path.stat().st_mode & 0o077:
        raise VaultClosed(f"{path} may be read by others", f"chmod 600 {path}")
    key = _load(path, private=True)
    if not isinstance(key, X25519PrivateKey) or _identifier(key.public_key()) != identifier:
        raise VaultClosed(f"{path} is not the key its name says", "restore it from a backup")
    try:
        return _suite().decrypt(sealed, key, _INFO)
    except (InvalidTag, ValueError):
        raise VaultClosed(f"the vault key {identifier} does not open this segment", "it was altered") from None


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _identifier(key: X25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _load(path: Path, *, private: bool) -> object:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    try:
        der = base64.b64decode(content.strip(), validate=True)
        return load_der_private_key(der, None) if private else load_der_public_key(der)
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm):
        return None
