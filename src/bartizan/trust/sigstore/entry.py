"""An entry of a transparency log (Rekor): that the log holds it, and that it speaks of this signature.

Inclusion by a Merkle path (RFC 6962) to a root that the log signed as a checkpoint (C2SP signed note); the promise of
an earlier log (signed entry timestamp) as well where there is one, for it alone vouches for the time.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from bartizan.core.errors import WireError
from bartizan.core.strict_json import parse
from bartizan.trust.dsse import Signed, pae
from bartizan.trust.signing import SignatureInvalid
from bartizan.trust.sigstore.root import Log

_MOST_HASHES: Final = 64
_HASH: Final = 32
_BODY = "the log's entry speaks of another signature"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle says of one entry. Nothing in it is true before `verify`."""

    log_id: bytes
    index: int
    """Over all shards of the log; the promise is about it."""
    time: datetime.datetime | None
    """At which the log says it took the entry; only a promise vouches for it."""
    promise: bytes
    leaf: int
    size: int
    root: bytes
    path: tuple[bytes, ...]
    checkpoint: str
    body: bytes
    kind: tuple[str, str]
    """Kind and version."""

    @classmethod
    def read(cls, one: dict[str, Any]) -> Entry:
        """From a bundle's JSON. Raises SignatureInvalid."""
        try:
            proof = one["inclusionProof"]
            seconds = int(one.get("integratedTime") or 0)
            promise = (one.get("inclusionPromise") or {}).get("signedEntryTimestamp", "")
            return cls(
                log_id=_bytes(one["logId"]["keyId"]),
                index=int(one.get("logIndex", 0)),
                time=datetime.datetime.fromtimestamp(seconds, datetime.UTC) if seconds else None,
                promise=_bytes(promise),
                leaf=int(proof.get("logIndex", 0)),
                size=int(proof["treeSize"]),
                root=_bytes(proof["rootHash"]),
                path=tuple(_bytes(node) for node in proof.get("hashes", [])),
                checkpoint=str(proof["checkpoint"]["envelope"]),
                body=_bytes(one["canonicalizedBody"]),
                kind=(str(one["kindVersion"]["kind"]), str(one["kindVersion"]["version"])),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, binascii.Error):
            raise SignatureInvalid("an entry of a log in the bundle is malformed") from None

    @property
    def promised(self) -> datetime.datetime | None:
        """The time that the log signed; None where it signed none."""
        return self.time if self.promise else None

    def verify(self, log: Log) -> None:
        """Return if ``log`` holds the entry. Raises SignatureInvalid."""
        if inclusion(self.body, self.leaf, self.size, self.path) != self.root:
            raise SignatureInvalid("the path to the log's root does not lead there")
        size, root = _checkpoint(self.checkpoint, log)
        if (size, root) != (self.size, self.root):
            raise SignatureInvalid("the log signed another root than the bundle's")
        if self.promise:
            if self.time is None:
                raise SignatureInvalid("the log's promise has no time")
            log.verify(self._promised(), self.promise)

    def about(self, signed: Signed, certificate: x509.Certificate) -> None:
        """Return if the entry is about this signature and certificate. Raises SignatureInvalid."""
        try:
            body = parse(self.body, max_depth=16, max_nodes=1_000)
            if (body["kind"], body["apiVersion"]) != self.kind:
                raise SignatureInvalid(_BODY)
            if self.kind == ("dsse", "0.0.1"):
                right = _is_envelope(body["spec"], signed, certificate)
            elif self.kind == ("hashedrekord", "0.0.2"):
                right = _is_hashed(body["spec"]["hashedRekordV002"], signed, certificate)
            else:
                raise SignatureInvalid(f"entries of kind {self.kind[0][:40]} {self.kind[1][:20]} are not read here")
        except (KeyError, TypeError, ValueError, AttributeError, binascii.Error, WireError):
            right = False
        if not right:
            raise SignatureInvalid(_BODY)

    def _promised(self) -> bytes:
        """What the promise signs: canonical JSON (RFC 8785); the keys are in order, no value needs an escape."""
        assert self.time is not None
        return msgspec.json.encode(
            {
                "body": base64.b64encode(self.body).decode(),
                "integratedTime": int(self.time.timestamp()),
                "logID": self.log_id.hex(),
                "logIndex": self.index,
            }
        )


def inclusion(leaf: bytes, index: int, size: int, path: tuple[bytes, ...]) -> bytes:
    """The root of a tree of ``size`` leaves to which ``path`` leads (RFC 9162, 2.1.3.2). Raises SignatureInvalid."""
    if not 0 <= index < size or len(path) > _MOST_HASHES or any(len(node) != _HASH for node in path):
        raise SignatureInvalid("the path to the log's root is malformed")
    node, last = hashlib.sha256(b"\0" + leaf).digest(), size - 1
    for beside in path:
        if not last:
            raise SignatureInvalid("the path to the log's root is too long")
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + beside + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + beside).digest()
        index, last = index >> 1, last >> 1
    if last:
        raise SignatureInvalid("the path to the log's root is too short")
    return node


def _checkpoint(text: str, log: Log) -> tuple[int, bytes]:
    """Size and root that the log signed. Raises SignatureInvalid."""
    note, blank, signatures = text.partition("\n\n")
    lines = note.split("\n")
    try:
        if not blank or len(lines) < 3 or not lines[0]:
            raise ValueError
        for line in signatures.splitlines():
            dash, _, rest = line.partition(" ")
            raw = _bytes(rest.rpartition(" ")[2])
            if dash == "—" and raw[:4] == log.id[:4]:
                log.verify((note + "\n").encode(), raw[4:])
                return int(lines[1]), _bytes(lines[2])
    except (ValueError, binascii.Error):
        raise SignatureInvalid("the log's checkpoint is malformed") from None
    raise SignatureInvalid("the log did not sign its checkpoint")


def _is_envelope(spec: dict[str, Any], signed: Signed, certificate: x509.Certificate) -> bool:
    """An entry of Rekor 1: hash of the payload, signature, certificate. Its hash of the envelope cannot be checked,
    since nothing says how the envelope was written; the payload's can."""
    said = [(_bytes(one["signature"]), _bytes(one["verifier"])) for one in spec["signatures"]]
    hashed = spec["payloadHash"]
    return (
        hashed["algorithm"] == "sha256"
        and hashed["value"] == hashlib.sha256(signed.payload).hexdigest()
        and said == [(signed.signature, certificate.public_bytes(Encoding.PEM))]
    )


def _is_hashed(spec: dict[str, Any], signed: Signed, certificate: x509.Certificate) -> bool:
    """An entry of Rekor 2: digest of what is signed, signature, certificate."""
    digest, verifier = spec["data"], spec["signature"]["verifier"]
    summed = hashlib.new(_ALGORITHMS[digest["algorithm"]], pae(signed.kind, signed.payload)).digest()
    return (
        _bytes(digest["digest"]) == summed
        and _bytes(spec["signature"]["content"]) == signed.signature
        and _bytes(verifier["x509Certificate"]["rawBytes"]) == certificate.public_bytes(Encoding.DER)
    )


_ALGORITHMS: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
