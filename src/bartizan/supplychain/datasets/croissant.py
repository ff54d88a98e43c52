"""Croissant 1.0 metadata as people write them: which files, which digests, which fields of which type.

Source: MLCommons Croissant Format Specification, version 1.0. JSON-LD contexts are not resolved: keys are read as the
standard context names them, with or without the prefixes ``sc:`` and ``cr:``. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

MARK = "mlcommons.org/croissant"
NAMES = ("croissant.json", "metadata.json", "croissant.jsonld")


class DescribedFile(NamedTuple):
    """A FileObject."""

    id: str
    name: str
    url: str
    sha256: str
    size: str
    contained: bool
    """It lies in another one, such as an archive."""


class FileSet(NamedTuple):
    """A FileSet: files by patterns."""

    id: str
    includes: tuple[str, ...]


class DescribedField(NamedTuple):
    """A field of a record set."""

    name: str
    types: tuple[str, ...]
    file: str
    """Reference to its FileObject or FileSet; empty for another source."""
    column: str
    """Empty where it is not taken from a column."""


class Metadata(NamedTuple):
    """What one document says."""

    name: str
    licence: tuple[str, ...]
    origin: bool
    """Whether url, creator, publisher, citeAs, isBasedOn or sameAs says where it comes from."""
    files: tuple[DescribedFile, ...]
    sets: tuple[FileSet, ...]
    fields: tuple[DescribedField, ...]
    problems: tuple[str, ...]


def is_croissant(root: Any) -> bool:
    """Whether a JSON document says that it is Croissant, by ``conformsTo`` or by its context."""
    if not isinstance(root, dict):
        return False
    return MARK in str(_of(root, "conformsTo"))[:500] or MARK in str(root.get("@context"))[:20_000]


def parse(root: dict[str, Any]) -> Metadata:
    """Everything that can be checked against bytes, and what is missing in the document itself."""
    problems = []
    if "/croissant/1." not in str(_of(root, "conformsTo")):
        problems.append("it does not say which version it conforms to")
    problems += [f"it has no {key}" for key in ("name", "distribution") if not _of(root, key)]
    files, sets = [], []
    for one in _many(_of(root, "distribution")):
        kind = str(one.get("@type", ""))
        ident = str(one.get("@id") or _of(one, "name") or "")
        if kind.endswith("FileSet"):
            sets.append(FileSet(ident, tuple(map(str, _listed(_of(one, "includes"))))))
        elif kind.endswith("FileObject"):
            files.append(_file(one, ident))
        else:
            problems.append(f"a distribution is of the type {kind[:40]!r}")
    known = [one.id for one in files] + [one.id for one in sets]
    problems += [f"two distributions are called {name!r}" for name in sorted({n for n in known if known.count(n) > 1})]
    fields = [field for one in _many(_of(root, "recordSet")) for field in _fields(one)]
    names = set(known) | {one.name for one in files}
    problems += [
        f"the field {one.name!r} comes from {one.file!r}, which is no distribution"
        for one in fields
        if one.file and one.file not in names
    ]
    origin = any(_of(root, key) for key in ("url", "creator", "publisher", "citeAs", "isBasedOn", "sameAs"))
    licences = tuple(
        str(one.get("@id") or one.get("url") or one.get("name")) if isinstance(one, dict) else str(one)
        for one in _listed(_of(root, "license"))
    )
    return Metadata(
        str(_of(root, "name") or ""), licences, origin, tuple(files), tuple(sets), tuple(fields), tuple(problems)
    )


def _file(one: dict[str, Any], ident: str) -> DescribedFile:
    return DescribedFile(
        id=ident,
        name=str(_of(one, "name") or ident),
        url=str(_of(one, "contentUrl") or ""),
        sha256=str(_of(one, "sha256") or "").casefold(),
        size=str(_of(one, "contentSize") or ""),
        contained=bool(_of(one, "containedIn")),
    )


def _fields(record_set: dict[str, Any]) -> Iterator[DescribedField]:
    waiting = _many(_of(record_set, "field"))
    for number, one in enumerate(waiting):
        if number > 10_000:
            return
        waiting.extend(_many(_of(one, "subField")))
        source = _of(one, "source")
        source = source if isinstance(source, dict) else {}
        extract = _of(source, "extract")
        extract = extract if isinstance(extract, dict) else {}
        where = _of(source, "fileObject") or _of(source, "fileSet") or _of(source, "distribution")
        yield DescribedField(
            name=str(_of(one, "name") or one.get("@id") or ""),
            types=tuple(str(kind).rpartition(":")[2].rpartition("/")[2] for kind in _listed(_of(one, "dataType"))),
            file=str(where.get("@id", "") if isinstance(where, dict) else where or ""),
            column=str(_of(extract, "column") or _of(extract, "csvColumn") or ""),
        )


def _of(node: dict[str, Any], key: str) -> Any:
    for prefix in ("", "sc:", "cr:", "dct:", "https://schema.org/"):
        if prefix + key in node:
            return node[prefix + key]
    return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _many(value: Any) -> list[dict[str, Any]]:
    return [one for one in _listed(value) if isinstance(one, dict)]
