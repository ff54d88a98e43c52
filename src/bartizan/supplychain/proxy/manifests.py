"""Manifests of OCI registries: which blobs they list, and nothing in them that leads around the proxy.

https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md, and Docker's manifests of schema 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from bartizan.core.errors import WireError
from bartizan.core.strict_json import parse
from bartizan.supplychain.proxy.interface import UnavailableError

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
IMAGES: Final = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_TITLE: Final = "org.opencontainers.image.title"
_EMPTY: Final = ("", "e30=")
"""Content that may stand in a descriptor itself: nothing, and ``{}``."""


class Listed(NamedTuple):
    """One blob in a manifest."""

    digest: str
    title: str
    """Name of the file, last part; empty where the manifest gives none."""


def read_manifest(raw: bytes, media_type: str) -> list[Listed]:
    """The blobs that a manifest lists; an index lists none, only further manifests.

    Raises:
        UnavailableError: it is no manifest, or its content may lie somewhere else or in itself.
    """
    try:
        document = parse(raw, max_depth=16, max_nodes=100_000)
        said = document.get("mediaType", media_type)
        if said != media_type or media_type not in (*INDEXES, *IMAGES):
            raise UnavailableError("the registry's manifest is of a kind that is not passed on")
        listed = [_listed(one) for one in _descriptors(document, index=media_type in INDEXES)]
    except (WireError, KeyError, TypeError, AttributeError):
        raise UnavailableError("the registry's manifest is none") from None
    return [] if media_type in INDEXES else listed


def _descriptors(document: dict[str, Any], *, index: bool) -> Iterator[dict[str, Any]]:
    if index != ("manifests" in document) or (index and ("layers" in document or "config" in document)):
        raise UnavailableError("the registry's manifest is an index and an image at once, or neither")
    if index:
        yield from document["manifests"]
    else:
        yield document["config"]
        yield from document["layers"]
    if document.get("subject") is not None:
        yield document["subject"]


def _listed(descriptor: dict[str, Any]) -> Listed:
    digest = descriptor["digest"]
    if DIGEST.fullmatch(digest) is None:
        raise UnavailableError("the registry's manifest names something by another digest than SHA-256")
    if descriptor.get("urls") or descriptor.get("data", "") not in _EMPTY:
        raise UnavailableError("the registry's manifest holds content, or says that it lies elsewhere", status=403)
    title = (descriptor.get("annotations") or {}).get(_TITLE, "")
    name = title.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return Listed(digest, name if name.isprintable() and len(name.encode()) <= 255 and name not in {".", ".."} else "")
