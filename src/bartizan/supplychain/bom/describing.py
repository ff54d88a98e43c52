"""One file to what the bill says of it: scanned and read from one open file, so that digest and facts agree."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bartizan.core.artefact import ArtefactReport
from bartizan.supplychain.bom.bill import Component, Fact
from bartizan.supplychain.bom.kinds import readers_of
from bartizan.supplychain.bom.reading.agents import agent_parts
from bartizan.supplychain.bom.reading.interface import measured
from bartizan.supplychain.bom.said.locks import libraries
from bartizan.supplychain.budget import Budget, BudgetError
from bartizan.supplychain.files import CHANGED, Opened, Problem, open_file
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.scanners.lock_file import LockFile
from bartizan.supplychain.scanning import ArtefactScanner, died, unread
from bartizan.supplychain.source import ByteSource


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one file."""

    report: ArtefactReport
    facts: tuple[Fact, ...] = ()
    inner: tuple[Component, ...] = ()
    """What the file configures or has installed. Refs that begin with ``#`` are within the file."""


class Describer:
    """Scans files and reads their facts. Can be pickled, for processes of its own."""

    def __init__(self, scanner: ArtefactScanner | None = None) -> None:
        self._scanner = scanner or ArtefactScanner()
        self._limits = self._scanner.limits

    def describe(self, path: Path) -> Described:
        """Never raises for what the file says."""
        opened = open_file(path)
        if isinstance(opened, Problem):
            return Described(report=unread(path, opened))
        with contextlib.closing(opened):
            report = self._scanner.scan_opened(path, opened)
            if not report.sha256:
                return Described(report=report)
            facts, inner = self._facts(path, report, opened)
            if opened.changed():
                return Described(report=unread(path, Problem(CHANGED, "Somebody wrote to it meanwhile.")))
            return Described(report=report, facts=facts, inner=inner)

    def _facts(
        self, path: Path, report: ArtefactReport, opened: Opened
    ) -> tuple[tuple[Fact, ...], tuple[Component, ...]]:
        found: list[Fact] = []
        for name, reader in readers_of(path.name, report.formats):
            try:
                found += list(reader(opened.source, Budget(self._limits)))
            except (MalformedError, BudgetError) as problem:
                found.append(measured("unread", f"{name}: {problem.cause}"))
            except Exception as error:  # a reader met what it does not expect: the bill says so, and goes on
                found.append(measured("unread", f"{name}: {error!r}"))
        return tuple(sorted(set(found))), tuple(self._inner(opened.source, report))

    def _inner(self, source: ByteSource, report: ArtefactReport) -> Iterator[Component]:
        with contextlib.suppress(MalformedError, BudgetError):
            if "json" in report.formats:
                yield from agent_parts(source)
        with contextlib.suppress(MalformedError, BudgetError):
            if LockFile.id in report.formats:
                yield from libraries(source, Budget(self._limits))


def lost(path: Path) -> Described:
    """What is known of a file whose process died."""
    return Described(report=died(path))
