"""Who signed without a key of their own: an identity that an OpenID issuer vouched for, for minutes, in public.

The order is that of Sigstore's client specification: a trusted time, the certificate's chain at that time, its
publication, its identity, the log's entry, and what the entry says. Nothing is asked over a network.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.trust.certificates import CertificateTrust, alternative_names
from bartizan.trust.dsse import EllipticKey, Signed
from bartizan.trust.signing import SignatureInvalid
from bartizan.trust.sigstore.entry import Entry
from bartizan.trust.sigstore.root import Authority, TrustRoot, log_named
from bartizan.trust.sigstore.sct import made_public
from bartizan.trust.timestamp import StampInvalid, check_stamp_of

_ISSUER, _OLD_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_UTF8: Final = 0x0C
_MOST_STAMPS: Final = 32
_DER: Final = 1 << 16


class KeylessTrust:
    """One identity of one issuer, under a Sigstore trust root.

    Args:
        root: whom to believe.
        identity: e-mail address or URI that the certificate must carry, whole; what ends in ``*`` is a beginning.
        issuer: the OpenID issuer that vouched for it, such as ``https://token.actions.githubusercontent.com``, whole.

    Raises:
        ConfigurationError: identity or issuer is missing: without them anybody with a mail account counts.
    """

    def __init__(self, root: TrustRoot, identity: str, issuer: str) -> None:
        if not identity.rstrip("*") or not issuer:
            raise ConfigurationError(
                "a trust root needs an identity and its issuer", "--identity and --issuer; else anybody could sign"
            )
        self._root, self._identity, self._issuer = root, identity, issuer

    @classmethod
    def read(cls, root: Path, identity: str, issuer: str) -> KeylessTrust:
        """From a file with the trust root. Raises ConfigurationError."""
        return cls(TrustRoot.read(root), identity, issuer)

    def accept(self, signed: Signed) -> EllipticKey:
        """The key in the certificate, if everything about it holds. Raises SignatureInvalid."""
        if len(signed.chain) != 1 or len(signed.chain[0]) > _DER or len(signed.entries) != 1:
            raise SignatureInvalid(
                "it was not signed by Sigstore without a key", "one certificate and one entry of a log belong to that"
            )
        try:
            certificate = x509.load_der_x509_certificate(signed.chain[0])
        except ValueError:
            raise SignatureInvalid("its certificate is none") from None
        entry = Entry.read(signed.entries[0])
        times = self._times(signed, entry)
        for moment in times:
            issuing, key = self._chain(certificate, moment)
        if self._root.certificate_logs:
            made_public(certificate, issuing, self._root.certificate_logs)
        self._identified(certificate)
        entry.verify(log_named(self._root.logs, entry.log_id, times[0]))
        entry.about(signed, certificate)
        return key

    def _times(self, signed: Signed, entry: Entry) -> list[datetime.datetime]:
        """When it was signed, on the word of authorities and of the log; each must hold, and one must be there."""
        if len(signed.stamps) > _MOST_STAMPS or len(set(signed.stamps)) != len(signed.stamps):
            raise SignatureInvalid("it comes with too many time stamps, or one twice")
        times = [self._stamped(stamp, signed.signature) for stamp in signed.stamps]
        if entry.promised is not None:
            times.append(entry.promised)
        if not times:
            raise SignatureInvalid("nobody who is trusted says when it was signed")
        return times

    def _stamped(self, stamp: bytes, content: bytes) -> datetime.datetime:
        for authority in self._root.stampers:
            try:
                moment = check_stamp_of(stamp, content, authority.chain)
            except StampInvalid:
                continue
            if authority.period.holds(moment):
                return moment
        raise SignatureInvalid("a time stamp is by none of the trust root's authorities, or of something else")

    def _chain(self, certificate: x509.Certificate, moment: datetime.datetime) -> tuple[x509.Certificate, EllipticKey]:
        """Who issued the certificate, and its key, if an authority that counted then stands behind it."""
        problem = SignatureInvalid("its certificate is by none of the trust root's authorities")
        for authority in self._root.authorities:
            if not authority.period.holds(moment):
                continue
            try:
                key = _under(authority, certificate, moment)
            except SignatureInvalid as one:
                problem = one
                continue
            return _issuing(authority.chain, certificate), key
        raise problem

    def _identified(self, certificate: x509.Certificate) -> None:
        names, issuer = alternative_names(certificate), _issuer(certificate)
        if issuer != self._issuer:
            raise SignatureInvalid(f"{printable(issuer, 200)} vouched for it", f"{self._issuer} was asked for")
        start = self._identity.removesuffix("*")
        if not any(one == self._identity if start == self._identity else one.startswith(start) for one in names):
            shown = printable(", ".join(names), 300)
            raise SignatureInvalid(f"it was signed by {shown}", f"{self._identity} was asked for")


def _under(authority: Authority, certificate: x509.Certificate, moment: datetime.datetime) -> EllipticKey:
    *between, anchor = authority.chain
    held = tuple(one.public_bytes(Encoding.DER) for one in (certificate, *between))
    return CertificateTrust([anchor], now=lambda: moment).key_for("", held)


def _issuing(chain: Sequence[x509.Certificate], certificate: x509.Certificate) -> x509.Certificate:
    for one in chain:
        try:
            certificate.verify_directly_issued_by(one)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return one
    raise SignatureInvalid("its certificate was issued by none of the trust root's authorities")


def _issuer(certificate: x509.Certificate) -> str:
    """Who vouched for the identity: Fulcio's extension, or the one of before, in which the text stands bare."""
    for kind in (_ISSUER, _OLD_ISSUER):
        try:
            extension = certificate.extensions.get_extension_for_oid(kind).value
        except (x509.ExtensionNotFound, ValueError):
            continue
        raw = extension.value if isinstance(extension, x509.UnrecognizedExtension) else b""
        if kind == _ISSUER:
            raw = _utf8(raw)
        return raw.decode("utf-8", "replace")
    raise SignatureInvalid("its certificate does not say who vouched for the identity")


def _utf8(raw: bytes) -> bytes:
    """The content of a DER UTF8String of up to 64 KiB. Raises SignatureInvalid."""
    if len(raw) >= 2 and raw[0] == _UTF8:
        if raw[1] < 0x80 and len(raw) == 2 + raw[1]:
            return raw[2:]
        size = raw[1] & 0x7F
        if raw[1] > 0x80 and size <= 2 and len(raw) == 2 + size + int.from_bytes(raw[2 : 2 + size], "big"):
            return raw[2 + size :]
    raise SignatureInvalid("its certificate does not say who vouched for the identity")
