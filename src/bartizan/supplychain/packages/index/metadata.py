"""What an index says of a package, from a folder: whether it exists, since when, which bytes, whether it is attested.

``PyPI/projects/NAME.json`` is the answer of the JSON Simple API for a project (PEP 691, 700, 740), ``PyPI/index.json``
its list of projects; ``npm/projects/NAME.json`` is a package document of an npm registry with its ``time``,
``npm/index.json`` a list of names.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bartizan.core.errors import BartizanError
from bartizan.supplychain.neighbours import neighbour
from bartizan.supplychain.packages.interface import PYPI, pypi_name
from bartizan.supplychain.packages.readers.addresses import name_of_file
from bartizan.supplychain.packages.readers.values import integrity
from bartizan.supplychain.packages.versions import pep440, semver

_LARGEST_LIST = 256 << 20


class MetadataError(BartizanError):
    """The file of a package is none."""


class Release(NamedTuple):
    """One version."""

    uploaded: datetime.datetime | None
    """When its first file came; None where the index does not say."""
    withdrawn: bool
    """Every file was yanked (PEP 592)."""
    hashes: frozenset[str]
    """``algorithm:hexadecimal`` of its files."""
    attested: bool
    """Every file carries an attestation of where it was built. Its signature is not looked at."""
    runs: bool
    """It has install scripts, or nothing but source distributions."""


class Project(NamedTuple):
    """One package."""

    releases: Mapping[Any, Release]
    """By the key by which its ecosystem orders versions."""
    order: tuple[Any, ...]
    """The keys, ascending."""

    @property
    def first(self) -> datetime.datetime | None:
        """The earliest upload that is known; None where the index does not say."""
        return min((one.uploaded for one in self.releases.values() if one.uploaded), default=None)


class _File(msgspec.Struct, rename="kebab"):
    filename: str
    hashes: dict[str, str] = {}
    upload_time: str = ""
    yanked: bool | str = False
    provenance: str | None = None


class _Detail(msgspec.Struct):
    name: str
    files: list[_File] = []


class _Dist(msgspec.Struct):
    integrity: str = ""
    shasum: str = ""
    attestations: Any = None


class _Version(msgspec.Struct, rename="camel"):
    dist: _Dist = msgspec.field(default_factory=_Dist)
    has_install_script: bool = False


class _Document(msgspec.Struct):
    name: str
    time: dict[str, str] = {}
    versions: dict[str, _Version] = {}


class _Listed(msgspec.Struct):
    name: str


class _Listing(msgspec.Struct):
    projects: list[_Listed] = []


def project(folder: Path, ecosystem: str, name: str) -> Project | None:
    """What the folder says of a package; None where it has no file for it. Raises `MetadataError`."""
    source = neighbour(folder / ecosystem / "projects", f"{name}.json")
    if source is None:
        return None
    raw = source.read(0, source.size)
    try:
        if ecosystem == PYPI:
            return _python(msgspec.json.decode(raw, type=_Detail), name)
        return _npm(msgspec.json.decode(raw, type=_Document), name)
    except (ValueError, RecursionError) as problem:
        raise MetadataError(f"the metadata of {name} is out of shape: {problem}") from None


def exists(folder: Path, ecosystem: str, name: str) -> bool | None:
    """Whether the index lists the name; None where the folder has no list. Raises `MetadataError`."""
    path = folder / ecosystem / "index.json"
    try:
        status = path.stat()
    except OSError:
        return None
    return name in _names(path, ecosystem, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=2)
def _names(path: Path, ecosystem: str, _time: int, size: int) -> frozenset[str]:
    try:
        if size > _LARGEST_LIST:
            raise ValueError("it is too large")
        raw = path.read_bytes()
        if ecosystem == PYPI:
            return frozenset(pypi_name(one.name) for one in msgspec.json.decode(raw, type=_Listing).projects)
        return frozenset(msgspec.json.decode(raw, type=list[str]))
    except (OSError, ValueError, RecursionError) as problem:
        raise MetadataError(f"{path} is no list of names: {problem}") from None


def _python(detail: _Detail, name: str) -> Project:
    if pypi_name(detail.name) != name:
        raise MetadataError(f"the metadata of {name} is that of {detail.name}")
    files: dict[Any, list[_File]] = {}
    for one in detail.files:
        key = pep440.key(name_of_file(one.filename)[1])
        if key is not None:
            files.setdefault(key, []).append(one)
    releases = {
        key: Release(
            uploaded=min((at for one in each if (at := _time(one.upload_time))), default=None),
            withdrawn=all(one.yanked is not False for one in each),
            hashes=frozenset(f"{kind}:{value}".lower() for one in each for kind, value in one.hashes.items()),
            attested=all(one.provenance for one in each),
            runs=not any(one.filename.lower().endswith(".whl") for one in each),
        )
        for key, each in files.items()
    }
    return Project(releases, tuple(sorted(releases)))


def _npm(document: _Document, name: str) -> Project:
    if document.name != name:
        raise MetadataError(f"the metadata of {name} is that of {document.name}")
    releases = {}
    for version, one in document.versions.items():
        key = semver.key(version)
        if key is not None:
            digests = {*integrity(one.dist.integrity), *({f"sha1:{one.dist.shasum}"} if one.dist.shasum else ())}
            releases[key] = Release(
                uploaded=_time(document.time.get(version, "")),
                withdrawn=False,
                hashes=frozenset(digests),
                attested=isinstance(one.dist.attestations, dict) and bool(one.dist.attestations),
                runs=one.has_install_script,
            )
    return Project(releases, tuple(sorted(releases)))


def _time(text: str) -> datetime.datetime | None:
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=datetime.UTC)
