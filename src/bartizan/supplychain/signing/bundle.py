"""The file beside a model: a Sigstore bundle 0.3 (https://github.com/sigstore/protobuf-specs) with a DSSE envelope."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any, Final

import msgspec

from bartizan.core.errors import WireError
from bartizan.core.strict_json import parse
from bartizan.trust.dsse import IN_TOTO, Signed, Signer, Trust
from bartizan.trust.signing import SignatureInvalid

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
MOST_BYTES = 64 << 20


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """One signature. Nothing in it is true before `verify`."""

    payload: bytes
    signature: bytes
    hint: str
    """Of the key; empty where the bundle names none."""
    chain: tuple[bytes, ...] = ()
    """Certificates in DER, the signer's first; empty where it was signed with a key alone."""
    entries: tuple[dict[str, Any], ...] = ()
    """Of transparency logs, as JSON has them."""
    stamps: tuple[bytes, ...] = ()
    """Time stamps of the signature, in DER."""

    @classmethod
    def sign(cls, payload: bytes, signer: Signer) -> Bundle:
        """A bundle over an in-toto statement. Raises ConfigurationError where the key cannot be used."""
        hint = "" if signer.chain else signer.public.hint
        return cls(payload=payload, signature=signer.sign(IN_TOTO, payload), hint=hint, chain=signer.chain)

    def verify(self, trust: Trust) -> bytes:
        """The payload, if one whom ``trust`` accepts signed it. Raises SignatureInvalid."""
        signed = Signed(
            kind=IN_TOTO,
            payload=self.payload,
            signature=self.signature,
            hint=self.hint,
            chain=self.chain,
            entries=self.entries,
            stamps=self.stamps,
        )
        trust.accept(signed).verify(IN_TOTO, self.payload, self.signature)
        return self.payload

    def encode(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(
            {
                "mediaType": MEDIA_TYPE,
                "verificationMaterial": {**self._material(), "tlogEntries": []},
                "dsseEnvelope": {
                    "payload": base64.b64encode(self.payload).decode(),
                    "payloadType": IN_TOTO,
                    "signatures": [{"sig": base64.b64encode(self.signature).decode(), "keyid": ""}],
                },
            }
        )

    def _material(self) -> dict[str, Any]:
        if not self.chain:
            return {"publicKey": {"hint": self.hint}}
        chain = [{"rawBytes": base64.b64encode(one).decode()} for one in self.chain]
        return {"x509CertificateChain": {"certificates": chain}}


def read(path: Path) -> Bundle:
    """The bundle in a file. Raises SignatureInvalid for whatever is wrong with it."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SignatureInvalid(f"the signature {path} cannot be read: {error.strerror}") from None
    return decode(raw)


def decode(raw: bytes) -> Bundle:
    """The bundle in a JSON text. Raises SignatureInvalid."""
    if len(raw) > MOST_BYTES:
        raise SignatureInvalid(f"the signature is larger than {MOST_BYTES >> 20} MiB")
    try:
        document = parse(raw, max_depth=16, max_nodes=10_000)
        return _bundle(document)
    except WireError as error:
        raise SignatureInvalid(f"the signature is no bundle: {error.cause}") from None
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise SignatureInvalid(f"the signature is no bundle of type {MEDIA_TYPE} under a key or certificates") from None


def _bundle(document: dict[str, Any]) -> Bundle:
    if document["mediaType"] != MEDIA_TYPE:
        raise ValueError
    envelope = document["dsseEnvelope"]
    if envelope["payloadType"] != IN_TOTO:
        raise ValueError
    (signature,) = envelope["signatures"]
    material = document["verificationMaterial"]
    chain = material.get("x509CertificateChain", {}).get("certificates", [])
    if "certificate" in material:  # without a key of the signer's own
        chain = [*chain, material["certificate"]]
    if "publicKey" not in material and not chain:
        raise SignatureInvalid("it was signed without a key and without certificates")
    stamps = (material.get("timestampVerificationData") or {}).get("rfc3161Timestamps", [])
    entries = material.get("tlogEntries", [])
    if not all(isinstance(one, dict) for one in entries):
        raise ValueError
    return Bundle(
        payload=base64.b64decode(envelope["payload"], validate=True),
        signature=base64.b64decode(signature["sig"], validate=True),
        hint=str(material.get("publicKey", {}).get("hint") or ""),
        chain=tuple(base64.b64decode(one["rawBytes"], validate=True) for one in chain),
        entries=tuple(entries),
        stamps=tuple(base64.b64decode(one["signedTimestamp"], validate=True) for one in stamps),
    )
