"""Reads the shipped data files and holds them against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import msgspec
import yaml

from bartizan.catalog.model import Catalog, Confidence, Framework, FrameworkRow, Technique, ThreatEntry
from bartizan.core.control import Control, Reference
from bartizan.core.errors import ArtefactError
from bartizan.core.threat import Threat

T = TypeVar("T")
K = TypeVar("K")


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    title: str
    confidence: Confidence | None = None
    note: str = ""


class _Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    framework: str
    edition: str
    title: str
    publisher: str
    licence: str
    source: str
    verified_on: date
    confidence: Confidence
    note: str = ""
    rows: tuple[_Row, ...]


class _Threat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: Threat
    title: str
    description: str
    references: tuple[str, ...]


class _Technique(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    title: str
    threat: Threat
    description: str
    references: tuple[str, ...]
    aliases: tuple[str, ...] = ()


class _Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    title: str
    threats: tuple[Threat, ...]
    verification: str
    references: tuple[str, ...]


def load_catalog(folder: Traversable | None = None) -> Catalog:
    """Read the catalogue; the caller keeps it.

    Args:
        folder: where the data files are; the shipped ones by default.

    Raises:
        ArtefactError: a file is missing or broken, an id is given twice, or a reference leads nowhere.
    """
    folder = files(__package__) if folder is None else folder
    frameworks = tuple(_framework(f) for f in _read(folder, "frameworks.yaml", tuple[_Framework, ...]))
    rows = _by_id((row for f in frameworks for row in f.rows), lambda row: str(row.reference))

    def look_up(owner: str, references: tuple[str, ...]) -> tuple[FrameworkRow, ...]:
        unknown = [reference for reference in references if reference not in rows]
        if unknown or len(set(references)) != len(references):
            raise ArtefactError(f"catalogue: {owner} refers to {', '.join(unknown) or 'the same row twice'}")
        return tuple(rows[reference] for reference in references)

    threats = [
        ThreatEntry(id=t.id, title=t.title, description=t.description, references=look_up(t.id, t.references))
        for t in _read(folder, "threats.yaml", tuple[_Threat, ...])
    ]
    techniques = [
        Technique(
            id=t.id,
            title=t.title,
            threat=t.threat,
            description=t.description,
            references=look_up(t.id, t.references),
            aliases=t.aliases,
        )
        for t in _read(folder, "techniques.yaml", tuple[_Technique, ...])
    ]
    controls = [
        Control(
            id=c.id,
            title=c.title,
            threats=c.threats,
            verification=c.verification,
            references=tuple(row.reference for row in look_up(c.id, c.references)),
        )
        for c in _read(folder, "controls.yaml", tuple[_Control, ...])
    ]
    _by_id([name for t in techniques for name in (t.id, *t.aliases)], lambda name: name)
    missing = set(Threat) - {threat.id for threat in threats}
    if missing:
        raise ArtefactError(f"catalogue: no entry for the threat {', '.join(sorted(missing))}")
    return Catalog(
        threats=_by_id(threats, lambda threat: threat.id),
        techniques=_by_id(techniques, lambda technique: technique.id),
        controls=_by_id(controls, lambda control: control.id),
        frameworks=_by_id(frameworks, lambda f: f"{f.framework}-{f.edition}"),
        rows=rows,
    )


def _read(folder: Traversable, name: str, kind: type[T]) -> T:
    try:
        data: Any = yaml.load((folder / name).read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        return msgspec.convert(data, kind, strict=True)
    except (OSError, yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ArtefactError(f"catalogue: {name}: {str(error).splitlines()[0]}") from None


def _framework(raw: _Framework) -> Framework:
    rows = tuple(
        FrameworkRow(
            reference=Reference(raw.framework, raw.edition, row.id),
            title=row.title,
            source=raw.source,
            verified_on=raw.verified_on,
            confidence=row.confidence or raw.confidence,
            note=row.note or raw.note,
        )
        for row in raw.rows
    )
    return Framework(
        framework=raw.framework,
        edition=raw.edition,
        title=raw.title,
        publisher=raw.publisher,
        licence=raw.licence,
        source=raw.source,
        verified_on=raw.verified_on,
        note=raw.note,
        rows=rows,
    )


def _by_id(entries: Iterable[T], key: Callable[[T], K]) -> dict[K, T]:
    found: dict[K, T] = {}
    for entry in entries:
        if key(entry) in found:
            raise ArtefactError(f"catalogue: {key(entry)} is given twice")
        found[key(entry)] = entry
    return found
