"""Authorities and signers' certificates for tests."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime(2026, 11, 28, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
CODE = (ExtendedKeyUsageOID.CODE_SIGNING,)


class Held(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def usage(*, signs: bool = True, certifies: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=certifies, crl_sign=certifies, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def issue(
    name: str,
    by: Held | None = None,
    *,
    authority: bool = False,
    usages: x509.KeyUsage | None = None,
    extended: Sequence[x509.ObjectIdentifier] | None = CODE,
    mail: str = "",
    start: datetime.datetime = NOW - DAY,
    end: datetime.datetime = NOW + 30 * DAY,
    path_length: int | None = None,
    curve: ec.EllipticCurve | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Held:
    """A certificate; signed by itself where ``by`` is None."""
    key = key or ec.generate_private_key(curve or ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = by.certificate.subject if by else subject
    signing = by.key if by else key
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(usages or usage(signs=not authority, certifies=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )  # fmt: skip
    if extended is not None and not (authority and extended is CODE):
        made = made.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    if mail:
        made = made.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(mail)]), critical=False)
    return Held(made.sign(signing, hashes.SHA256()), key)


def chain(curve: ec.EllipticCurve | None = None, mail: str = "release@acme.example") -> tuple[Held, Held, Held]:
    """Root, intermediate, signer."""
    root = issue("Acme Root", authority=True)
    middle = issue("Acme Issuing", root, authority=True, path_length=0)
    return root, middle, issue("Release", middle, mail=mail, curve=curve)


def revoked(by: Held, *serials: int, until: datetime.datetime = NOW + DAY) -> x509.CertificateRevocationList:
    """A list of an issuer."""
    made = x509.CertificateRevocationListBuilder().issuer_name(by.certificate.subject)
    made = made.last_update(NOW - DAY).next_update(until)
    for one in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(one).revocation_date(NOW - DAY).build()
        made = made.add_revoked_certificate(entry)
    return made.sign(by.key, hashes.SHA256())


def write(path: Path, *held: Held) -> Path:
    """Their certificates in PEM."""
    path.write_bytes(b"".join(one.certificate.public_bytes(Encoding.PEM) for one in held))
    return path


def write_key(path: Path, held: Held) -> Path:
    """The private key in PEM."""
    path.write_bytes(held.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path
