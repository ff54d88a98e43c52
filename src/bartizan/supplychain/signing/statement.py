"""What is signed: the in-toto statement of the OpenSSF model-signing format 1.0, a list of files with their digests.

https://github.com/sigstore/model-transparency (model_signing 1.1.1), predicate https://model_signing/signature/v1.0.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from bartizan.core.errors import WireError
from bartizan.core.problem import printable
from bartizan.core.strict_json import parse
from bartizan.trust.signing import SignatureInvalid

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://model_signing/signature/v1.0"
WHOLE: Final = "."
"""Name of the resource of a model that is one file."""
MOST_RESOURCES = 200_000
_DIGEST_BYTES: Final = {"sha256": 32, "blake2b": 64}


class Resource(msgspec.Struct, frozen=True):
    """One file, or one shard of it."""

    name: str
    """Relative POSIX path; ``.`` for a model that is one file; ``path:start:end`` for a shard."""
    algorithm: str
    digest: str
    """Hexadecimal."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One signed model."""

    name: str
    """Of the model; only a name."""
    resources: tuple[Resource, ...]
    method: str = "files"
    shard_size: int = 0
    allow_symlinks: bool = False
    ignored: tuple[str, ...] = ()
    """Relative paths that are not part of the model."""

    @property
    def root(self) -> str:
        """SHA-256 over the digests in order, hexadecimal: the digest of the model as a whole."""
        return hashlib.sha256(b"".join(bytes.fromhex(one.digest) for one in self.resources)).hexdigest()

    def encode(self) -> bytes:
        """As JSON."""
        kept: dict[str, Any] = {"method": self.method, "hash_type": "sha256", "allow_symlinks": self.allow_symlinks}
        if self.ignored:
            kept["ignore_paths"] = list(self.ignored)
        return msgspec.json.encode(
            {
                "_type": STATEMENT,
                "subject": [{"name": self.name, "digest": {"sha256": self.root}}],
                "predicateType": PREDICATE,
                "predicate": {"serialization": kept, "resources": [msgspec.to_builtins(one) for one in self.resources]},
            }
        )


def decode(payload: bytes) -> Statement:
    """The statement in a payload whose signature was verified. Raises SignatureInvalid for another kind or shape."""
    try:
        document = parse(payload, max_depth=16, max_nodes=8 * MOST_RESOURCES)
        return _statement(document)
    except WireError as error:
        raise SignatureInvalid(f"the signed statement cannot be read: {error.cause}") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SignatureInvalid("the signed statement is none of the model-signing format 1.0") from None


def _statement(document: dict[str, Any]) -> Statement:
    if document["_type"] != STATEMENT or document["predicateType"] != PREDICATE:
        raise SignatureInvalid(
            f"what is signed is a {printable(str(document['predicateType']), 100)}", f"it has to be a {PREDICATE}"
        )
    (subject,) = document["subject"]
    kept = document["predicate"]["serialization"]
    suffix = f"-sharded-{int(kept['shard_size'])}" if kept["method"] == "shards" else ""
    resources = tuple(
        Resource(one["name"], one["algorithm"].removesuffix(suffix), one["digest"])
        for one in document["predicate"]["resources"]
    )
    if len({one.name for one in resources}) != len(resources):
        raise SignatureInvalid("the signed statement names a file twice")
    for one in resources:
        if one.algorithm not in _DIGEST_BYTES:
            raise SignatureInvalid(
                f"digests by {printable(one.algorithm, 40)} cannot be taken here", "sign with sha256 or blake2"
            )
        if len(bytes.fromhex(one.digest)) != _DIGEST_BYTES[one.algorithm]:
            raise ValueError
        _within(one.name.partition(":")[0] if kept["method"] == "shards" else one.name)
    ignored = kept.get("ignore_paths", [])
    if kept["method"] not in {"files", "shards"} or not all(isinstance(one, str) for one in ignored):
        raise ValueError
    statement = Statement(
        name=str(subject["name"]),
        resources=resources,
        method=kept["method"],
        shard_size=int(kept.get("shard_size", 0)),
        allow_symlinks=kept["allow_symlinks"] is True,
        ignored=tuple(ignored),
    )
    if statement.root != subject["digest"]["sha256"]:
        raise SignatureInvalid("the signed digest of the model is not that of its files")
    return statement


def _within(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or (str(path) != name) or "\0" in name:
        raise ValueError
