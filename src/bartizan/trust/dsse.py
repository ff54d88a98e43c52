"""DSSE envelopes (https://github.com/secure-systems-lab/dsse, 1.0.2) signed with ECDSA, as in Sigstore bundles.

Curves P-256, P-384 and P-521 with SHA-256, SHA-384 and SHA-512, the ones that the OpenSSF model-signing format takes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bartizan.core.errors import ConfigurationError
from bartizan.trust.signing import SignatureInvalid

IN_TOTO: Final = "application/vnd.in-toto+json"
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_LONGEST: Final = 65_536
_HOW = "openssl ecparam -name prime256v1 -genkey -noout -out KEY; openssl ec -in KEY -pubout -out KEY.pub"


def pae(kind: str, payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding of a payload of type ``kind``."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A signature with what comes along. Nothing in it is true yet."""

    kind: str
    """Type of the payload."""
    payload: bytes
    signature: bytes
    hint: str = ""
    """By which the signature names its key; empty where it names none."""
    chain: tuple[bytes, ...] = ()
    """Certificates in DER, the signer's first."""
    entries: tuple[dict[str, Any], ...] = ()
    """Of transparency logs, as a Sigstore bundle holds them in JSON."""
    stamps: tuple[bytes, ...] = ()
    """Time stamps of the signature (RFC 3161), in DER."""


class Trust(Protocol):
    """Who may have signed: a key, whoever has a certificate under given roots, or an identity under a trust root."""

    def accept(self, signed: Signed) -> EllipticKey:
        """The key that must have signed.

        Raises:
            SignatureInvalid: it is another key, no certificate that counts, or nobody vouches for it.
        """
        ...


class Signer(Protocol):
    """Signs with a key on a NIST curve."""

    @property
    def public(self) -> EllipticKey:
        """The public half."""
        ...

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Certificates in DER, the signer's first; empty where the key stands for itself."""
        ...

    def sign(self, kind: str, payload: bytes) -> bytes:
        """The signature over ``payload`` as a ``kind``, in DER. Raises ConfigurationError: the key cannot be used."""
        ...


def of_own(signed: Signed) -> None:
    """Return if it was signed with a key that outlives it. Raises SignatureInvalid."""
    if signed.chain and signed.entries:
        raise SignatureInvalid(
            "it was signed by Sigstore without a key", "name a trust root, an identity and its issuer"
        )


class EllipticKey:
    """A public key on a NIST curve. Raises ConfigurationError for another one."""

    def __init__(self, key: object) -> None:
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _HASHES:
            raise ConfigurationError("this is no key on P-256, P-384 or P-521", _HOW)
        self._key = key

    @classmethod
    def read(cls, path: Path) -> EllipticKey:
        """From a PEM file. Raises ConfigurationError."""
        try:
            return cls(load_pem_public_key(_pem(path)))
        except (ValueError, UnsupportedAlgorithm):
            raise ConfigurationError(f"{path} holds no public key in PEM", _HOW) from None

    def accept(self, signed: Signed) -> EllipticKey:
        """This key, if that is the one that is named. Raises SignatureInvalid."""
        of_own(signed)
        return self.key_for(signed.hint, signed.chain)

    def key_for(self, hint: str, chain: tuple[bytes, ...]) -> EllipticKey:
        """This key, if that is the one that is named. Raises SignatureInvalid."""
        if hint and hint != self.hint:
            raise SignatureInvalid("it was signed with another key", "name the public key of its signer")
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EllipticKey) and self.hint == other.hint

    def __hash__(self) -> int:
        return hash(self.hint)

    @property
    def hint(self) -> str:
        """Hexadecimal SHA-256 of the PEM text, by which bundles name a key."""
        return hashlib.sha256(self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    def verify(self, kind: str, payload: bytes, signature: bytes) -> None:
        """Return if the private half signed ``payload`` as a ``kind``. Raises SignatureInvalid."""
        try:
            self._key.verify(signature, pae(kind, payload), ec.ECDSA(_HASHES[self._key.curve.name]))
        except InvalidSignature:
            raise SignatureInvalid("the signature does not belong to this content") from None


class EllipticSigner:
    """A private key on a NIST curve, in memory."""

    chain: tuple[bytes, ...] = ()

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.public = EllipticKey(key.public_key())

    @classmethod
    def read(cls, path: Path, password: str = "") -> EllipticSigner:
        """From a PEM file; no error repeats it. Raises ConfigurationError."""
        try:
            key = load_pem_private_key(_pem(path), password.encode() or None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigurationError(f"{path} holds no elliptic private key in PEM, or its password is another", _HOW)
        return cls(key)

    def sign(self, kind: str, payload: bytes) -> bytes:
        """The signature in DER, another one each time."""
        curve = self._key.curve.name
        return self._key.sign(pae(kind, payload), ec.ECDSA(_HASHES[curve]))


def digest_for(key: ec.EllipticCurvePublicKey, kind: str, payload: bytes) -> bytes:
    """The digest that a key on this curve signs, for keys that sign elsewhere."""
    summed = hashes.Hash(_HASHES[key.curve.name])
    summed.update(pae(kind, payload))
    return summed.finalize()


def _pem(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST)
    except OSError as error:
        raise ConfigurationError(f"cannot read the key {path}: {error.strerror}") from None
