"""The schema of the ``artefacts`` section of ``policy.yaml``: which models, archives and texts may be loaded."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bartizan.policy.packages import PackagePolicy


class Signer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody whose signatures count."""

    name: str
    """How decisions call the signer."""
    key: str = ""
    """File of the workspace with the public key in PEM: P-256, P-384 or P-521. Either this, `roots` or
    `trust_root`."""
    roots: str = ""
    """File of the workspace with certificates of authorities in PEM: what was signed under a certificate for code
    signing counts if that leads to one of them."""
    identity: str = ""
    """With `roots`: e-mail address, URI or DNS name that the certificate must carry, or its whole
    subject. Empty: any. With `trust_root`: e-mail address or URI, whole, or its beginning with `*` after it."""
    trust_root: str = ""
    """File of the workspace with a Sigstore trust root in JSON: what `identity` signed without a key
    of its own counts."""
    issuer: str = ""
    """With `trust_root`: OpenID issuer that must have vouched for the identity."""
    revoked: str = ""
    """With `roots`: file of the workspace with revocation lists in PEM; each issuer must have one in force. Empty:
    no certificate counts as revoked."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.key, self.roots, self.trust_root))) != 1:
            raise ValueError("a signer has either a key or roots, or a trust root")
        if self.key and (self.identity or self.revoked):
            raise ValueError("identity and revoked belong to roots")
        if self.trust_root and (self.revoked or not self.identity.rstrip("*") or not self.issuer):
            raise ValueError("a trust root needs an identity and its issuer, and takes no revocation lists")
        if self.issuer and not self.trust_root:
            raise ValueError("issuer belongs to trust_root")

    @property
    def files(self) -> tuple[str, ...]:
        """Files of the workspace that say who it is."""
        return tuple(one for one in (self.key, self.roots, self.trust_root, self.revoked) if one)


class Builder(Signer, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody whose records of training runs count."""

    id: str
    """The builder that the record must name, such as `https://acme.example/training`."""


class ArtefactPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `bartizan artefacts admit` and `safe_load` go by."""

    pack: str = "balanced"
    """Policy pack: `strict`, `balanced`, `observe`, or a file of Cedar policies in the workspace, such as
    `admission.cedar`."""
    origins: tuple[str, ...] = ()
    """Places that artefacts may come from, such as `huggingface.co/acme`; what is below one is meant too. Empty: the
    shipped packs `balanced` and `observe` ask for none."""
    licences: tuple[str, ...] = ()
    """SPDX identifiers that are accepted. Empty: likewise."""
    packages: PackagePolicy = PackagePolicy()
    """What is asked of the packages in lock files."""
    signers: tuple[Signer, ...] = ()
    """People and pipelines whose signatures in the OpenSSF model-signing format count. Empty: likewise."""
    attestors: tuple[Signer, ...] = ()
    """Whose signed decisions count, of `bartizan artefacts admit --attest`. Empty: none is asked for."""
    attestations: str = "attestations"
    """Folder of the workspace in which those decisions are."""
    attestation_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30
    """Oldest age of such a decision, in days."""
    builders: tuple[Builder, ...] = ()
    """Whose records of training runs count, of `bartizan artefacts record`. Empty: none is asked for."""
    provenance: str = "provenance"
    """Folder of the workspace in which those records are."""
    bom: str = ""
    """CycloneDX or SPDX document of the workspace that must list an artefact by its digest, such as `bom.json`. If
    there are signers, one of them must have signed it. Empty: none is asked for."""
    bom_elements: tuple[str, ...] = ()
    """Minimum elements that a model or data set must have in it, such as `model.licence`."""
