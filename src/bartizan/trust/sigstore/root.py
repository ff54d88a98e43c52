"""Whom to believe: a Sigstore trust root (``TrustedRoot`` of https://github.com/sigstore/protobuf-specs) in JSON.

It names certificate authorities, transparency logs, logs of certificates and time stamp authorities, each with the
time in which it counts. A client's configuration that holds one under ``trustedRoot`` is read as well.
"""

from __future__ import annotations

import base64
import binascii
import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bartizan.core.errors import ConfigurationError, WireError
from bartizan.core.strict_json import parse
from bartizan.trust.signing import SignatureInvalid

_LONGEST: Final = 4 << 20
_KIND: Final = "application/vnd.dev.sigstore.trustedroot"
_HOW = "a trusted_root.json, as `cosign trusted-root create` and Sigstore's TUF repository have it"
LogKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


class Period(msgspec.Struct, frozen=True):
    """When something counts."""

    start: datetime.datetime
    end: datetime.datetime | None = None

    def holds(self, moment: datetime.datetime) -> bool:
        """Whether ``moment`` lies within it, both ends included."""
        return self.start <= moment and (self.end is None or moment <= self.end)


class Log(msgspec.Struct, frozen=True):
    """A log that signs what it holds."""

    id: bytes
    key: LogKey
    period: Period

    def verify(self, content: bytes, signature: bytes) -> None:
        """Return if the log signed ``content``. Raises SignatureInvalid."""
        try:
            if isinstance(self.key, ed25519.Ed25519PublicKey):
                self.key.verify(signature, content)
            elif isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
            else:
                self.key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise SignatureInvalid("a log's signature does not belong to what it is said to hold") from None


class Authority(msgspec.Struct, frozen=True):
    """An authority for certificates or time stamps: its certificates, the one that issues first, the root last."""

    chain: tuple[x509.Certificate, ...]
    period: Period


class TrustRoot(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    authorities: tuple[Authority, ...]
    logs: tuple[Log, ...]
    certificate_logs: tuple[Log, ...] = ()
    stampers: tuple[Authority, ...] = ()

    @classmethod
    def read(cls, path: Path) -> TrustRoot:
        """From a JSON file. Raises ConfigurationError."""
        try:
            with path.open("rb") as file:
                raw = file.read(_LONGEST + 1)
        except OSError as error:
            raise ConfigurationError(f"cannot read the trust root {path}: {error.strerror}") from None
        try:
            document = parse(raw[:_LONGEST], max_depth=16, max_nodes=100_000)
            return _root(document.get("trustedRoot", document))
        except WireError as error:
            raise ConfigurationError(f"the trust root {path} cannot be read: {error.cause}", _HOW) from None
        except (KeyError, TypeError, ValueError, AttributeError, binascii.Error, UnsupportedAlgorithm):
            raise ConfigurationError(f"{path} is no Sigstore trust root", _HOW) from None


def log_named(logs: tuple[Log, ...], key_id: bytes, moment: datetime.datetime) -> Log:
    """The log with this id, if it counts at that time. Raises SignatureInvalid."""
    for log in logs:
        if log.id == key_id:
            if not log.period.holds(moment):
                raise SignatureInvalid("a log of the trust root did not count at that time")
            return log
    raise SignatureInvalid("it is in a log that the trust root does not name")


def moment_of(text: str) -> datetime.datetime:
    """An RFC 3339 time, as protobuf writes it in JSON. Raises ValueError."""
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _root(document: dict[str, Any]) -> TrustRoot:
    if not str(document["mediaType"]).startswith(_KIND):
        raise ValueError
    found = TrustRoot(
        authorities=tuple(_authority(one) for one in document["certificateAuthorities"]),
        logs=tuple(_log(one) for one in document["tlogs"]),
        certificate_logs=tuple(_log(one) for one in document.get("ctlogs", [])),
        stampers=tuple(_authority(one) for one in document.get("timestampAuthorities", [])),
    )
    if not found.authorities or not found.logs:
        raise ValueError
    return found


def _log(one: dict[str, Any]) -> Log:
    key = load_der_public_key(base64.b64decode(one["publicKey"]["rawBytes"], validate=True))
    if not isinstance(key, LogKey):
        raise ValueError
    return Log(base64.b64decode(one["logId"]["keyId"], validate=True), key, _period(one["publicKey"]["validFor"]))


def _authority(one: dict[str, Any]) -> Authority:
    raw = [base64.b64decode(cert["rawBytes"], validate=True) for cert in one["certChain"]["certificates"]]
    if not raw:
        raise ValueError
    return Authority(tuple(x509.load_der_x509_certificate(cert) for cert in raw), _period(one["validFor"]))


def _period(one: dict[str, Any]) -> Period:
    return Period(moment_of(one["start"]), moment_of(one["end"]) if one.get("end") else None)
