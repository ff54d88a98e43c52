"""Options by which commands name who signs, and whose signatures they believe."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Annotated

import typer

from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.trust.certificates import CertificateTrust, CertifiedSigner, read_certificates
from bartizan.trust.dsse import EllipticKey, EllipticSigner, Signer, Trust
from bartizan.trust.pkcs11 import SCHEME, TokenKey, TokenSigner
from bartizan.trust.sigstore.keyless import KeylessTrust

PrivateKeyOption = Annotated[
    str, typer.Option("--key", help="Private key: PEM file on P-256, P-384 or P-521, or pkcs11: URI of one in a token.")
]
PasswordOption = Annotated[
    str, typer.Option("--password-env", help="Variable with the key's password, or the token's PIN.")
]
CertificateOption = Annotated[
    list[Path] | None,
    typer.Option("--certificate", help="PEM file with the key's certificate, then intermediates; repeat for several."),
]
PublicKeyOption = Annotated[Path | None, typer.Option("--key", help="Public key of the signer, in PEM.")]
RootsOption = Annotated[
    Path | None, typer.Option("--roots", help="Instead of --key: certificates of authorities, in PEM.")
]
IdentityOption = Annotated[
    str,
    typer.Option(
        "--identity", help="With --roots or --trust-root: address, URI, DNS name or subject in the certificate."
    ),
]
TrustRootOption = Annotated[
    Path | None,
    typer.Option("--trust-root", help="Instead of --key: Sigstore trust root in JSON, for signatures without keys."),
]
IssuerOption = Annotated[
    str, typer.Option("--issuer", help="With --trust-root: OpenID issuer that vouched for the identity.")
]
RevokedOption = Annotated[
    Path | None, typer.Option("--revoked", help="With --roots: revocation lists of the issuers, in PEM.")
]
AsOfOption = Annotated[
    str, typer.Option("--as-of", help="With --roots: time at which certificates must hold, RFC 3339; now without one.")
]


def signer_of(key: str, password_env: str = "", certificates: list[Path] | None = None) -> Signer:
    """Who signs. Raises ConfigurationError."""
    secret = os.environ.get(password_env, "") if password_env else ""
    if key.startswith(SCHEME):
        signer: Signer = TokenSigner(TokenKey.parse(key), secret)
    else:
        signer = EllipticSigner.read(Path(key), secret)
    if not certificates:
        return signer
    return CertifiedSigner(signer, [one for path in certificates for one in read_certificates(path)])


def trust_from(
    key: Path | None,
    roots: Path | None,
    identity: str = "",
    revoked: Path | None = None,
    at: str = "",
    root: Path | None = None,
    issuer: str = "",
) -> Trust:
    """Whose signatures count. Raises ConfigurationError."""
    if root is not None:
        if key or roots or revoked or at:
            raise ConfigurationError("--trust-root stands alone", "with --identity and --issuer")
        return KeylessTrust.read(root, identity, issuer)
    if issuer:
        raise ConfigurationError("--issuer belongs to --trust-root")
    if (key is None) == (roots is None):
        raise ConfigurationError("either --key or --roots is needed", "a public key, or certificates of authorities")
    if key is not None:
        if identity or revoked or at:
            raise ConfigurationError("--identity, --revoked and --as-of belong to --roots")
        return EllipticKey.read(key)
    assert roots is not None
    moment = _moment(at) if at else None
    return CertificateTrust.read(roots, identity, revoked, utc_now if moment is None else lambda: moment)


def _moment(text: str) -> datetime.datetime:
    moment: datetime.datetime | None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigurationError("--as-of is no RFC 3339 time", "such as 2026-11-28T12:00:00Z")
    return moment
