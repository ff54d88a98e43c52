"""Files on disk to components: one a file, and one for each folder whose files are a model or a data set together."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from bartizan.core.artefact import ArtefactReport
from bartizan.supplychain.bom.bill import MOST_COMPONENTS, BillError, Component, Fact, Kind, Link, Relation
from bartizan.supplychain.bom.describing import Described, Describer, lost
from bartizan.supplychain.bom.kinds import CARD, CONFIG, kind_of
from bartizan.supplychain.bom.reading.interface import MOST, measured
from bartizan.supplychain.files import walk
from bartizan.supplychain.pool import spread
from bartizan.supplychain.scanning import made_ready

_ALONE = 4
"""Up to so many files are read in this process."""
_SUMMED = ("parameters", "tensors", "size", "lines")
_SPREAD = ("dtype", "quantisation", "format", "framework")


class Place:
    """Names files relative to what was asked for. The same folder gives the same names wherever it stands."""

    def __init__(self, paths: Sequence[Path]) -> None:
        absolute = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - links keep their names
        if len(absolute) == 1:
            self.root = absolute[0] if absolute[0].is_dir() else absolute[0].parent
            self.name = shown_name(absolute[0].name) or "files"
        else:
            self.root = Path(os.path.commonpath([path.parent for path in absolute])) if absolute else Path()
            self.name = shown_name(self.root.name) or "files"
        self._taken: set[str] = set()
        self.refs: dict[str, str] = {}
        """Where each file really is, links resolved, to its ref."""

    def of(self, path: Path) -> str:
        """The relative path with ``/``, printable; the second of two that would look alike gets a number."""
        inside = os.path.relpath(os.path.abspath(path), self.root)  # noqa: PTH100
        shown = shown_name(inside.replace(os.sep, "/"))
        if shown in self._taken:
            shown += f"~{hashlib.sha256(os.fsencode(inside)).hexdigest()[:12]}"
        self._taken.add(shown)
        self.refs.setdefault(os.path.realpath(path), f"file:{shown}")
        return shown


def shown_name(name: str) -> str:
    """A file's name as text: bytes that are no UTF-8, and what is not printable, as escapes."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def describe_all(paths: Sequence[Path], describer: Describer, jobs: int = 0) -> Iterator[Described]:
    """Every file under ``paths``, in order. Raises BillError: more files than a bill holds."""
    files = _bounded(walk(list(paths)))
    first = [path for _, path in zip(range(_ALONE), files, strict=False)]
    yield from map(describer.describe, first)
    if len(first) == _ALONE:
        if jobs == 1:
            yield from map(describer.describe, files)
        else:
            yield from spread(describer.describe, made_ready(files), jobs, lost)


def _bounded(files: Iterator[Path]) -> Iterator[Path]:
    for number, path in enumerate(files):
        if number >= MOST_COMPONENTS // 2:
            raise BillError(f"more than {MOST_COMPONENTS // 2:,} files", "make one bill for each folder")
        yield path


def components_of(described: Iterable[Described], place: Place) -> tuple[list[Component], list[Relation]]:
    """Components and relations of files, those of their folders included."""
    found: dict[str, Component] = {}
    relations: list[Relation] = []
    folders: dict[str, list[str]] = defaultdict(list)
    for one in described:
        path = place.of(Path(one.report.path))
        ref = f"file:{path}"
        component = Component(
            ref=ref,
            kind=kind_of(path, one.report.formats),
            name=PurePosixPath(path).name,
            facts=tuple(sorted({*_seen(one.report, path), *one.facts})),
        )
        found[ref] = component
        folders[str(PurePosixPath(path).parent)].append(ref)
        for inner in one.inner:
            _within(inner, ref, found, relations)
    for folder, refs in folders.items():
        _group(folder, refs, place.name, found, relations)
    return list(found.values()), relations


def _within(inner: Component, ref: str, found: dict[str, Component], relations: list[Relation]) -> None:
    """What a file holds is its own; a package that several files name is one library."""
    if inner.ref.startswith("#"):
        found[ref + inner.ref] = msgspec.structs.replace(inner, ref=ref + inner.ref)
        relations.append(Relation(ref, Link.CONTAINS, ref + inner.ref))
        return
    known = found.get(inner.ref)
    if known is None and len(found) >= MOST_COMPONENTS:
        raise BillError(f"more than {MOST_COMPONENTS:,} components", "make one bill for each folder")
    found[inner.ref] = inner if known is None else known.with_facts(inner.facts)
    relations.append(Relation(ref, Link.DEPENDS_ON, inner.ref))


def _seen(report: ArtefactReport, path: str) -> Iterator[Fact]:
    yield Fact("path", path)
    yield measured("verdict", report.verdict)
    if report.sha256:
        yield measured("sha256", report.sha256)
    if report.size >= 0:
        yield measured("size", report.size)
    yield from (measured("format", one) for one in report.formats)
    yield from (measured("finding", one) for one in sorted({finding.rule for finding in report.findings})[:MOST])


def _group(folder: str, refs: list[str], root: str, found: dict[str, Component], relations: list[Relation]) -> None:
    """A folder with a card or a configuration is one model, or one data set, whose files are its parts."""
    here = f"file:{folder}/" if folder != "." else "file:"
    said = [fact for name in (CARD, CONFIG) if here + name in found for fact in found[here + name].facts]
    claims = [fact for fact in said if not fact.verified]
    for kind in (Kind.MODEL, Kind.DATASET):
        parts = [found[ref] for ref in refs if found[ref].kind is kind]
        if not parts or not claims:
            continue
        name = root if folder == "." else PurePosixPath(folder).name
        whole = Component(ref=f"{kind}:{folder}", kind=kind, name=name)
        found[whole.ref] = whole.with_facts([*claims, *_together(parts, folder)])
        for part in parts:
            found[part.ref] = msgspec.structs.replace(part, kind=Kind.PART)
        held = {CARD, CONFIG} | {found[ref].name for ref in refs if found[ref].kind is Kind.TOKENIZER}
        relations += [Relation(whole.ref, Link.CONTAINS, part.ref) for part in parts]
        relations += [Relation(whole.ref, Link.DEPENDS_ON, ref) for ref in refs if found[ref].name in held]
        return


def _together(parts: Sequence[Component], folder: str) -> Iterator[Fact]:
    if folder != ".":
        yield Fact("path", folder)
    for name in _SUMMED:
        values = [int(fact.value) for part in parts for fact in part.of(name) if fact.verified and fact.value.isdigit()]
        if len(values) == len(parts):
            yield measured(name, sum(values))
    for name in _SPREAD:
        yield from (fact for part in parts for fact in part.of(name))
    if all(part.value("sha256") for part in parts):
        lines = sorted(f"{part.value('sha256')}  {part.name}\n" for part in parts)
        yield measured("manifest_sha256", hashlib.sha256("".join(lines).encode()).hexdigest())
