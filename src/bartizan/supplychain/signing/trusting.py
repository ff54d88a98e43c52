"""Whose signatures count: what policy says of a signer, as keys and certificates."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.policy.artefacts import Signer
from bartizan.trust.certificates import CertificateTrust
from bartizan.trust.dsse import EllipticKey, Trust
from bartizan.trust.sigstore.keyless import KeylessTrust
from bartizan.workspace.workspace import Workspace


def trust_of(signer: Signer, workspace: Workspace) -> Trust:
    """The key or the authorities of one signer. Raises ConfigurationError."""
    if signer.key:
        return EllipticKey.read(workspace.path(signer.key))
    if signer.trust_root:
        return KeylessTrust.read(workspace.path(signer.trust_root), signer.identity, signer.issuer)
    revoked = workspace.path(signer.revoked) if signer.revoked else None
    return CertificateTrust.read(workspace.path(signer.roots), signer.identity, revoked)


def trusted(signers: Iterable[Signer], workspace: Workspace) -> dict[str, Trust]:
    """By the names of the signers. Raises ConfigurationError."""
    return {one.name: trust_of(one, workspace) for one in signers}
