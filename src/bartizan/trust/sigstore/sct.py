"""That a certificate was made public: a signed certificate timestamp in it (RFC 6962), by a log of the trust root."""

from __future__ import annotations

import datetime
import hashlib
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.certificate_transparency import LogEntryType, SignedCertificateTimestamp

from bartizan.trust.signing import SignatureInvalid
from bartizan.trust.sigstore.root import Log, log_named

_PRECERTIFICATE: Final = 1


def made_public(certificate: x509.Certificate, issuer: x509.Certificate, logs: tuple[Log, ...]) -> None:
    """Return if the certificate holds one timestamp, by one of ``logs``. Raises SignatureInvalid."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
        stamps = list(found)
    except (x509.ExtensionNotFound, ValueError):
        raise SignatureInvalid("its certificate was not put into a log of certificates") from None
    if len(stamps) != 1:
        raise SignatureInvalid(f"its certificate holds {len(stamps)} timestamps of logs where one belongs")
    (stamp,) = stamps
    if stamp.entry_type is not LogEntryType.PRE_CERTIFICATE or not isinstance(
        stamp.signature_hash_algorithm, hashes.SHA256
    ):
        raise SignatureInvalid("the timestamp in its certificate is of a kind that is not read here")
    log = log_named(logs, stamp.log_id, stamp.timestamp.replace(tzinfo=datetime.UTC))
    log.verify(_signed(stamp, certificate, issuer), stamp.signature)


def _signed(stamp: SignedCertificateTimestamp, certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """What the log signed: the certificate without its timestamps, and whose key is to sign it (RFC 6962, 3.2)."""
    key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    body = certificate.tbs_precertificate_bytes
    moment = stamp.timestamp.replace(tzinfo=datetime.UTC)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    milliseconds = since // datetime.timedelta(milliseconds=1)
    return b"".join(
        (
            stamp.version.value.to_bytes(1, "big"),
            b"\0",
            milliseconds.to_bytes(8, "big"),
            _PRECERTIFICATE.to_bytes(2, "big"),
            hashlib.sha256(key).digest(),
            len(body).to_bytes(3, "big"),
            body,
            len(stamp.extension_bytes).to_bytes(2, "big"),
            stamp.extension_bytes,
        )
    )
