"""A small Sigstore of its own: an authority, a log of certificates, a transparency log, and what they give out."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bartizan.trust.dsse import IN_TOTO, pae

NOW = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)
IDENTITY, ISSUER = "https://github.com/acme/models/.github/workflows/release.yml@refs/tags/v1", "https://token.example"
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_DAY = datetime.timedelta(days=1)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def spki(key: Any) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class Sigstore:
    """One of each, and bundles by them. ``second``: the log is one of Rekor 2, which signs no time."""

    def __init__(self, *, second: bool = False) -> None:
        self.root_key, self.middle_key, self.ct_key = key(), key(), key()
        self.log_key: Any = ed25519.Ed25519PrivateKey.generate() if second else key()
        self.second = second
        self.root = self._authority("root", self.root_key, "root", self.root_key)
        self.middle = self._authority("middle", self.middle_key, "root", self.root_key)
        self.ct_id = hashlib.sha256(spki(self.ct_key.public_key())).digest()
        self.log_id = hashlib.sha256(spki(self.log_key.public_key())).digest()
        self.leaves = [b"before", b"between", b"after"]

    def _authority(self, name: str, own: Any, issuer: str, by: Any) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 100 * _DAY)
            .not_valid_after(NOW + 1000 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(certify=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
            .sign(by, hashes.SHA256())
        )

    def trust_root(self, **changes: Any) -> dict[str, Any]:
        """The trust root as JSON."""
        period = {"start": (NOW - 90 * _DAY).isoformat().replace("+00:00", "Z")}
        chain = [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in (self.middle, self.root)]

        def log(key_: Any, id_: bytes, details: str) -> dict[str, Any]:
            return {
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {"rawBytes": b64(spki(key_.public_key())), "keyDetails": details, "validFor": period},
                "logId": {"keyId": b64(id_)},
            }

        kind = "PKIX_ED25519" if self.second else "PKIX_ECDSA_P256_SHA_256"
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.log_key, self.log_id, kind)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "acme", "commonName": "fulcio"},
                    "uri": "https://ca.example",
                    "certChain": {"certificates": chain},
                    "validFor": period,
                }
            ],
            "ctlogs": [log(self.ct_key, self.ct_id, "PKIX_ECDSA_P256_SHA_256")],
            **changes,
        }

    def certificate(
        self,
        own: Any,
        identity: str = IDENTITY,
        issuer: str = ISSUER,
        at: datetime.datetime = NOW,
        *,
        public: bool = True,
    ) -> x509.Certificate:
        """For ten minutes from ``at``."""
        raw = issuer.encode()
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.middle.subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at)
            .not_valid_after(at + datetime.timedelta(minutes=10))
            .add_extension(_usage(certify=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.middle_key.public_key()), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([_name(identity)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_oid(1), raw), critical=False)
            .add_extension(x509.UnrecognizedExtension(_oid(8), bytes([0x0C, len(raw)]) + raw), critical=False)
        )
        if not public:
            return builder.sign(self.middle_key, hashes.SHA256())
        body = builder.sign(self.middle_key, hashes.SHA256()).tbs_certificate_bytes
        stamp = self._stamp(body, at)
        return builder.add_extension(x509.UnrecognizedExtension(_SCTS, stamp), critical=False).sign(
            self.middle_key, hashes.SHA256()
        )

    def _by_middle(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.middle_key.public_key())

    def _stamp(self, body: bytes, at: datetime.datetime) -> bytes:
        milliseconds = int(at.timestamp() * 1000).to_bytes(8, "big")
        issuer = hashlib.sha256(spki(self.middle_key.public_key())).digest()
        content = b"\0\0" + milliseconds + b"\0\1" + issuer + len(body).to_bytes(3, "big") + body + b"\0\0"
        signature = self.ct_key.sign(content, ec.ECDSA(hashes.SHA256()))
        one = b"\0" + self.ct_id + milliseconds + b"\0\0" + b"\4\3" + len(signature).to_bytes(2, "big") + signature
        listed = len(one).to_bytes(2, "big") + one
        whole = len(listed).to_bytes(2, "big") + listed
        return b"\4" + _length(len(whole)) + whole

    def bundle(self, payload: bytes, *, at: datetime.datetime = NOW, **certificate: Any) -> dict[str, Any]:
        """A keyless signature over an in-toto statement."""
        own = key()
        held = self.certificate(own, at=at, **certificate)
        signature = own.sign(pae(IN_TOTO, payload), ec.ECDSA(hashes.SHA256()))
        kind, body = self._body(payload, signature, held)
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": b64(held.public_bytes(Encoding.DER))},
                "tlogEntries": [self.entry(kind, body, at)],
            },
            "dsseEnvelope": {
                "payload": b64(payload),
                "payloadType": IN_TOTO,
                "signatures": [{"sig": b64(signature), "keyid": ""}],
            },
        }

    def _body(self, payload: bytes, signature: bytes, held: x509.Certificate) -> tuple[tuple[str, str], bytes]:
        if self.second:
            spec: dict[str, Any] = {
                "hashedRekordV002": {
                    "data": {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(pae(IN_TOTO, payload)).digest())},
                    "signature": {
                        "content": b64(signature),
                        "verifier": {
                            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                            "x509Certificate": {"rawBytes": b64(held.public_bytes(Encoding.DER))},
                        },
                    },
                }
            }
            kind = ("hashedrekord", "0.0.2")
        else:
            spec = {
                "envelopeHash": {"algorithm": "sha256", "value": "00" * 32},
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
                "signatures": [{"signature": b64(signature), "verifier": b64(held.public_bytes(Encoding.PEM))}],
            }
            kind = ("dsse", "0.0.1")
        text = json.dumps({"apiVersion": kind[1], "kind": kind[0], "spec": spec}, sort_keys=True, separators=(",", ":"))
        return kind, text.encode()

    def entry(self, kind: tuple[str, str], body: bytes, at: datetime.datetime) -> dict[str, Any]:
        """Of the log, between others."""
        leaves = [*self.leaves[:2], body, *self.leaves[2:]]
        root, path = tree([hashlib.sha256(b"\0" + one).digest() for one in leaves], 2)
        note = f"log.example - 1\n{len(leaves)}\n{b64(root)}\n"
        checkpoint = f"{note}\n— log.example {b64(self.log_id[:4] + self._sign(note.encode()))}\n"
        found: dict[str, Any] = {
            "logIndex": "1002",
            "logId": {"keyId": b64(self.log_id)},
            "kindVersion": {"kind": kind[0], "version": kind[1]},
            "inclusionProof": {
                "logIndex": "2",
                "rootHash": b64(root),
                "treeSize": str(len(leaves)),
                "hashes": [b64(one) for one in path],
                "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": b64(body),
        }
        if not self.second:
            seconds = int(at.timestamp()) + 3
            said = {"body": b64(body), "integratedTime": seconds, "logID": self.log_id.hex(), "logIndex": 1002}
            promised = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
            found["integratedTime"] = str(seconds)
            found["inclusionPromise"] = {"signedEntryTimestamp": b64(self._sign(promised))}
        return found

    def _sign(self, content: bytes) -> bytes:
        if self.second:
            return bytes(self.log_key.sign(content))
        return bytes(self.log_key.sign(content, ec.ECDSA(hashes.SHA256())))


def tree(nodes: list[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """Root of a Merkle tree (RFC 6962) over leaf hashes, and the path from one of them."""
    if len(nodes) == 1:
        return nodes[0], []
    half = 1 << (len(nodes) - 1).bit_length() - 1
    left, in_left = tree(nodes[:half], min(index, half - 1))
    right, in_right = tree(nodes[half:], max(index - half, 0))
    path = [*in_left, right] if index < half else [*in_right, left]
    return hashlib.sha256(b"\1" + left + right).digest(), path


def _usage(*, certify: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certify, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=certify, crl_sign=certify, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(identity: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(identity) if "://" in identity else x509.RFC822Name(identity)


def _oid(last: int) -> x509.ObjectIdentifier:
    return x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{last}")


def _length(size: int) -> bytes:
    if size < 128:
        return bytes([size])
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(raw)]) + raw
