"""Reads case files, strictly: every error names file, line and column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from bartizan.catalog.loader import load_catalog
from bartizan.catalog.model import Catalog
from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.core.problem import quote
from bartizan.redteam.case import Case
from bartizan.redteam.cases.framed import FrameFile, framed
from bartizan.redteam.cases.schema import CaseFile
from bartizan.redteam.converters import converters
from bartizan.redteam.taxonomy import EntryPoint, Objective
from bartizan.workspace.document import Document, loads, open_document
from bartizan.workspace.files import read_bounded

BUILTIN = "builtin"
"""Stands for the written cases that ship with the package."""
FRAMED = "framed"
"""Stands for those made of its frames."""
SHIPPED = (BUILTIN, FRAMED)
MAX_CASES = 20_000


class _References(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    entry_points: dict[EntryPoint, tuple[str, ...]]
    objectives: dict[Objective, tuple[str, ...]]


def load_cases(sources: Sequence[str | Path] = SHIPPED) -> tuple[Case, ...]:
    """Every case of ``sources``, in their order.

    Args:
        sources: ``builtin``, ``framed``, files, and folders, of which every ``*.yaml`` in any depth is read.

    Raises:
        ConfigurationError: a source cannot be read, or holds no case; DocumentError: it is not what a case file says,
            uses a technique or a reference that the catalogue does not know, or an id that another case has.
    """
    cases: dict[str, Case] = {}
    for source in sources:
        own = {BUILTIN: _builtin, FRAMED: _framed}.get(str(source))
        found = own() if own is not None else _read(Path(source))
        for case in found:
            if case.id in cases:
                raise ConfigurationError(f"two cases are called {quote(case.id)}", f"one of them in {source}")
            cases[case.id] = case
            if len(cases) > MAX_CASES:
                raise ConfigurationError(f"more than {MAX_CASES:,} cases")
    return tuple(cases.values())


@cache
def _builtin() -> tuple[Case, ...]:
    return tuple(case for document in _shipped().values() for case in _cases(document))


@cache
def _framed() -> tuple[Case, ...]:
    """Frames around each cell that has written cases of its own."""
    catalog, shared = _catalog(), _shared()
    out: list[Case] = []
    for name, item in _walk(files(__package__) / "frames", "frames/"):
        frames = loads(item.read_bytes(), name, FrameFile)
        for objective in Objective:
            cell = _shipped().get(f"{frames.entry_point}/{objective}.yaml")
            if cell is not None:
                out += (_complete(case, catalog, shared) for case in framed(cell.value, frames))
    return tuple(out)


@cache
def _shipped() -> dict[str, Document[CaseFile]]:
    """The written case files by path."""
    found = _walk(files(__package__) / "data", "")
    return {name: open_document(item.read_bytes(), name, CaseFile) for name, item in found}


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        elif item.name.endswith(".yaml"):
            yield prefix + item.name, item


def _read(path: Path) -> tuple[Case, ...]:
    paths = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    documents = (open_document(read_bounded(one, str(one)), str(one), CaseFile) for one in paths)
    cases = tuple(case for document in documents for case in _cases(document))
    if not cases:
        raise ConfigurationError(f"{path} holds no case", "a case file ends in .yaml; docs/redteam/cases.md shows one")
    return cases


def _cases(document: Document[CaseFile]) -> Iterator[Case]:
    catalog, shared = _catalog(), _shared()
    for number, row in enumerate(document.value.cases):
        yield _with_references(document.value.case(row), document, number, catalog, shared)


def _with_references(
    case: Case, document: Document[CaseFile], number: int, catalog: Catalog, shared: _References
) -> Case:
    technique = catalog.technique(case.technique)
    if technique is None:
        place = document.place(("cases", number, "technique"))
        raise DocumentError(place, quote(case.technique), "a technique of `bartizan catalog techniques`")
    for reference in case.references:
        if reference not in catalog.rows:
            place = document.place(("cases", number, "references"))
            raise DocumentError(place, quote(reference), "a row of the catalogue, such as OWASP-LLM-2026:LLM01")
    for name in case.converters:
        if name not in converters():
            place = document.place(("cases", number, "converters"))
            raise DocumentError(place, quote(name), "one of `bartizan redteam converters`")
    return _complete(case, catalog, shared)


def _complete(case: Case, catalog: Catalog, shared: _References) -> Case:
    """``case`` with the references that its place on the axes brings along. Raises ConfigurationError."""
    technique = catalog.technique(case.technique)
    if technique is None:
        raise ConfigurationError(f"{case.id} is of the technique {case.technique}, which the catalogue does not have")
    every = (
        *case.references,
        *shared.entry_points[case.entry_point],
        *shared.objectives[case.objective],
        *(str(row.reference) for row in technique.references),
    )
    return msgspec.structs.replace(case, references=tuple(sorted(set(every))))


@cache
def _catalog() -> Catalog:
    return load_catalog()


@cache
def _shared() -> _References:
    name = "references.yaml"
    shared = loads((files(__package__) / name).read_bytes(), name, _References)
    rows = (*shared.entry_points.values(), *shared.objectives.values())
    unknown = {reference for row in rows for reference in row} - set(_catalog().rows)
    if unknown:
        raise ConfigurationError(f"{name} refers to {', '.join(sorted(unknown))}, which the catalogue does not have")
    return shared
