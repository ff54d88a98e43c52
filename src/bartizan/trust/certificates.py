"""X.509 certificates behind signatures: chains to roots that the operator names, checked without a network.

RFC 5280 paths by `cryptography`'s verifier. The signer's certificate must be for code signing; a certificate without
extended key usages counts for none, or each TLS server of a company's CA could sign models. Revocation by lists that
the operator names.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.trust.dsse import EllipticKey, Signed, Signer, of_own
from bartizan.trust.signing import SignatureInvalid

MOST_CERTIFICATES: Final = 10
_LONGEST: Final = 1 << 20
_DER: Final = 1 << 16
_BROKEN: Final = (
    VerificationError, ValueError, TypeError, UnsupportedAlgorithm, ConfigurationError, x509.InvalidVersion,
    x509.DuplicateExtension, x509.ExtensionNotFound, x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What `cryptography` says of certificates that are not what they should be."""
_PURPOSE = "it needs the key usage digitalSignature and the extended key usage codeSigning"


class CertificateTrust:
    """Whoever holds a certificate for code signing under one of the roots, and the named identity.

    Args:
        roots: trusted certificates of authorities. A signer's own among them counts too, for its holder alone.
        identity: an e-mail address, URI or DNS name among the certificate's subject alternative names, or its whole
            subject as RFC 4514 writes it. Empty: every certificate under the roots counts.
        lists: revocation lists. If there are any, one of them must be about each issuer in the chain.
        now: the time at which certificates and lists must be valid.

    Raises:
        ConfigurationError: no roots.
    """

    def __init__(
        self,
        roots: Sequence[x509.Certificate],
        identity: str = "",
        lists: Sequence[x509.CertificateRevocationList] = (),
        now: Callable[[], datetime.datetime] = utc_now,
    ) -> None:
        if not roots:
            raise ConfigurationError("there is no certificate among the roots", "a PEM file with those of authorities")
        self._store, self._identity, self._lists, self._now = Store(list(roots)), identity, list(lists), now

    @classmethod
    def read(
        cls,
        roots: Path,
        identity: str = "",
        revoked: Path | None = None,
        now: Callable[[], datetime.datetime] = utc_now,
    ) -> CertificateTrust:
        """From PEM files. Raises ConfigurationError."""
        return cls(read_certificates(roots), identity, [] if revoked is None else _read_lists(revoked), now)

    def accept(self, signed: Signed) -> EllipticKey:
        """The key in the first certificate, if the chain holds now. Raises SignatureInvalid."""
        of_own(signed)
        return self.key_for(signed.hint, signed.chain)

    def key_for(self, hint: str, chain: tuple[bytes, ...]) -> EllipticKey:
        """The key in the first certificate, if the chain holds now. Raises SignatureInvalid."""
        if not chain:
            raise SignatureInvalid("it was signed without a certificate", "name the public key of its signer")
        try:
            return self._checked(_decoded(chain))
        except _BROKEN as problem:
            shown = printable(str(problem).partition("\n")[0], 300)
            raise SignatureInvalid(f"its certificate does not hold: {shown}", _PURPOSE) from None

    def _checked(self, chain: Sequence[x509.Certificate]) -> EllipticKey:
        leaf, *others = chain
        now = self._now()
        builder = PolicyBuilder().store(self._store).time(now.astimezone(datetime.UTC).replace(tzinfo=None))
        policies = builder.extension_policies(ca_policy=_authority(), ee_policy=_signer())
        path = policies.build_client_verifier().verify(leaf, others).chain
        if self._identity and self._identity not in names_of(leaf):
            shown = printable(", ".join(names_of(leaf)), 300)
            raise SignatureInvalid(f"it was signed by {shown}", f"{self._identity} was asked for")
        self._unrevoked(path, now)
        return EllipticKey(leaf.public_key())

    def _unrevoked(self, path: Sequence[x509.Certificate], now: datetime.datetime) -> None:
        """Each certificate of the path but the root must be on none of the lists, and its issuer have one in force."""
        for one, issuer in pairwise(path) if self._lists else ():
            mine = [listed for listed in self._lists if _by(listed, issuer)]
            if not any(_in_force(listed, now) for listed in mine):
                shown = printable(issuer.subject.rfc4514_string(), 200)
                raise SignatureInvalid(f"no revocation list of {shown} is in force")
            if any(listed.get_revoked_certificate_by_serial_number(one.serial_number) for listed in mine):
                raise SignatureInvalid(f"the certificate of {printable(one.subject.rfc4514_string(), 200)} was revoked")


class CertifiedSigner:
    """A key with the certificates that say whose it is.

    Raises:
        ConfigurationError: the first certificate is for another key or no code signing, or there are too many.
    """

    def __init__(self, signer: Signer, certificates: Sequence[x509.Certificate]) -> None:
        if not 1 <= len(certificates) <= MOST_CERTIFICATES:
            raise ConfigurationError(f"{len(certificates)} certificates where 1 to {MOST_CERTIFICATES} belong")
        try:
            mine = EllipticKey(certificates[0].public_key()) == signer.public
            _usages(certificates[0])
        except _BROKEN:
            raise ConfigurationError("the first certificate is not for signing code", _PURPOSE) from None
        if not mine:
            raise ConfigurationError("the first certificate is for another key", "the signer's own comes first")
        self._signer = signer
        self.public = signer.public
        self.chain = tuple(one.public_bytes(Encoding.DER) for one in certificates)

    def sign(self, kind: str, payload: bytes) -> bytes:
        """The signature, of the key."""
        return self._signer.sign(kind, payload)


def read_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates in a PEM file. Raises ConfigurationError."""
    try:
        return x509.load_pem_x509_certificates(_content(path))
    except ValueError:
        raise ConfigurationError(f"{path} holds no certificates in PEM") from None


def names_of(certificate: x509.Certificate) -> list[str]:
    """Alternative names and the subject, as `CertificateTrust` compares them."""
    return [*alternative_names(certificate), certificate.subject.rfc4514_string()]


def alternative_names(certificate: x509.Certificate) -> list[str]:
    """E-mail addresses, URIs and DNS names of a certificate."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    kinds = (x509.RFC822Name, x509.UniformResourceIdentifier, x509.DNSName)
    return [one for kind in kinds for one in found.get_values_for_type(kind)]


def _decoded(chain: tuple[bytes, ...]) -> list[x509.Certificate]:
    if len(chain) > MOST_CERTIFICATES or any(len(one) > _DER for one in chain):
        raise SignatureInvalid(f"more than {MOST_CERTIFICATES} certificates, or one too large")
    return [x509.load_der_x509_certificate(one) for one in chain]


def _usages(certificate: x509.Certificate) -> None:
    extensions = certificate.extensions
    if not extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
        raise ValueError("no digitalSignature")
    if ExtendedKeyUsageOID.CODE_SIGNING not in extensions.get_extension_for_class(x509.ExtendedKeyUsage).value:
        raise ValueError("no codeSigning")


def _signer() -> ExtensionPolicy:
    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs)
        .require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _for_code)
        .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _no_authority)
    )


def _authority() -> ExtensionPolicy:
    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _certifies)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _may_be_for_code)
    )


def _signs(_: Policy, __: x509.Certificate, usage: x509.KeyUsage) -> None:
    if not usage.digital_signature:
        raise ValueError("its key usage holds no digitalSignature")


def _for_code(_: Policy, __: x509.Certificate, usage: x509.ExtendedKeyUsage) -> None:
    if ExtendedKeyUsageOID.CODE_SIGNING not in usage:
        raise ValueError("its extended key usage holds no codeSigning")


def _no_authority(_: Policy, __: x509.Certificate, basic: x509.BasicConstraints | None) -> None:
    if basic is not None and basic.ca:
        raise ValueError("an authority's certificate signs no models")


def _is_authority(_: Policy, __: x509.Certificate, basic: x509.BasicConstraints) -> None:
    if not basic.ca:
        raise ValueError("an issuer is no authority")


def _certifies(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("an issuer's key may not sign certificates")


def _may_be_for_code(_: Policy, __: x509.Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
    anything = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
    if usage is not None and ExtendedKeyUsageOID.CODE_SIGNING not in usage and anything not in usage:
        raise ValueError("an issuer may not certify code signing")


def _by(listed: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return listed.issuer == issuer.subject and listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _in_force(listed: x509.CertificateRevocationList, now: datetime.datetime) -> bool:
    return listed.last_update_utc <= now and listed.next_update_utc is not None and now < listed.next_update_utc


def _read_lists(path: Path) -> list[x509.CertificateRevocationList]:
    """Every list in a PEM file. Raises ConfigurationError."""
    end = b"-----END X509 CRL-----"
    pieces = [one + end for one in _content(path).split(end)[:-1]]
    try:
        lists = [x509.load_pem_x509_crl(one) for one in pieces]
    except ValueError:
        lists = []
    if not lists:
        raise ConfigurationError(f"{path} holds no revocation list in PEM")
    return lists


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(_LONGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    if len(raw) > _LONGEST:
        raise ConfigurationError(f"{path} is larger than {_LONGEST >> 20} MiB")
    return raw
