"""One file to a report, and many files to many reports: in parallel processes, with results by digest kept if asked."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files as resources
from pathlib import Path

import msgspec

from bartizan.core.artefact import Admission, ArtefactFinding, ArtefactReport
from bartizan.core.problem import printable
from bartizan.policy.packages import PackagePolicy
from bartizan.supplychain.budget import Budget, Limits
from bartizan.supplychain.engine import Scan
from bartizan.supplychain.files import CHANGED, DIED, SPARSE, Opened, Problem, open_file
from bartizan.supplychain.packages.checks import PackageChecks
from bartizan.supplychain.pool import spread
from bartizan.supplychain.registry import scanners, scanners_with
from bartizan.supplychain.scanners.lock_file import LockFile
from bartizan.supplychain.text.reading import prepare

_AHEAD = 256
_WORDY = (".md", ".mdc", ".txt", ".rst", ".jinja", ".jinja2", ".j2", ".csv", ".tsv", ".jsonl", "tokenizer_config.json")


class ArtefactScanner:
    """The gate: implements ``core.artefact.ArtefactGate``.

    Args:
        limits: for each file.
        cache: folder that keeps results by digest.
        packages: what the packages in lock files are held against.
        named: files that were asked about by name. Another lock file, which lies beside a model, is judged only where
            somebody said what packages are held against. None: every file was.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        cache: Path | None = None,
        packages: PackageChecks | None = None,
        named: frozenset[Path] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.cache = cache
        self.packages = packages or PackageChecks()
        self.named = named

    def scan(self, path: Path) -> ArtefactReport:
        """Look at one file in this process. Never raises for what the file says."""
        opened = open_file(path)
        if isinstance(opened, Problem):
            return unread(path, opened)
        with contextlib.closing(opened):
            return self.scan_opened(path, opened)

    def scan_bytes(self, content: bytes, name: str) -> ArtefactReport:
        """Look at bytes in memory; ``name`` is what a loader would be told."""
        found, formats = self._look(content, name)
        return _report(Path(name), found, formats, len(content), hashlib.sha256(content).hexdigest())

    def scan_all(self, paths: Iterable[Path], jobs: int = 0) -> Iterator[ArtefactReport]:
        """A report a path, in order, by ``jobs`` processes (0: one for each core). A process that dies is a finding."""
        yield from spread(self.scan, made_ready(paths), jobs, died)

    def scan_opened(self, path: Path, opened: Opened) -> ArtefactReport:
        """Look at an open file; for whoever reads more of it than scanners do."""
        digest = "" if opened.sparse else opened.digest()
        kept = self._kept(digest, path.name)
        if kept is not None:
            return msgspec.structs.replace(kept, path=str(path))
        scan = self._scan(path.parent, path)
        found = scan.run(opened.source)
        if opened.sparse:
            found.append(_finding(Problem(SPARSE, "It is mostly holes, which were not read; no digest was taken.")))
        if opened.changed():
            found.append(_finding(Problem(CHANGED, "Somebody wrote to it meanwhile.")))
            return _report(path, found, scan.formats, opened.size)
        report = _report(path, found, scan.formats, opened.size, digest)
        self._keep(report, path.name)
        return report

    def _look(self, content: bytes, name: str) -> tuple[list[ArtefactFinding], set[str]]:
        from bartizan.supplychain.source import ByteSource

        scan = self._scan(None)
        return scan.run(ByteSource(content, name)), scan.formats

    def _scan(self, folder: Path | None, path: Path | None = None) -> Scan:
        judged = self.named is None or path in self.named or self.packages.policy != PackagePolicy()
        return Scan(scanners_with(LockFile(self.packages, judged=judged)), Budget(self.limits), folder)

    # -- kept results

    def _place(self, digest: str, name: str) -> Path | None:
        if self.cache is None or not digest:
            return None
        key = hashlib.sha256(f"{engine_digest()} {self.limits} {digest} {name}".encode()).hexdigest()
        return self.cache / key[:2] / f"{key}.json"

    def _kept(self, digest: str, name: str) -> ArtefactReport | None:
        place = self._place(digest, name)
        if place is None:
            return None
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(place.read_bytes(), type=ArtefactReport)
        return None

    def _keep(self, report: ArtefactReport, name: str) -> None:
        place = self._place(report.sha256, name)
        if place is None or any(finding.rule.startswith("scan.") for finding in report.findings):
            return
        if LockFile.id in report.formats:  # what is found in it changes with advisories and with what it includes
            return
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary = place.with_suffix(f".{os.getpid()}")
            temporary.write_bytes(msgspec.json.encode(report))
            temporary.replace(place)


def made_ready(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths, once what scans them is made: the processes that are forked then share it instead of each making its
    own. The detectors for texts take half a second, so they wait for a file among the first that has text in it."""
    scanners()
    files = iter(paths)
    first = list(itertools.islice(files, _AHEAD))
    if any(path.name.casefold().endswith(_WORDY) for path in first):
        prepare()
    return itertools.chain(first, files)


@cache
def engine_digest() -> str:
    """Changes whenever a scanner, a rule or the allow-list does."""
    folder = resources("bartizan.supplychain")
    digest = hashlib.sha256()
    for path in sorted(Path(str(folder)).rglob("*")):
        if path.suffix in {".py", ".txt", ".yaml", ".json"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def unread(path: Path, problem: Problem) -> ArtefactReport:
    """The report of a file that could not be looked at."""
    return _report(path, [_finding(problem)])


def died(path: Path) -> ArtefactReport:
    """The report of a file whose scan killed its process."""
    return unread(path, Problem(DIED, "The process that looked at it was killed, so nobody knows what it holds."))


def _finding(problem: Problem) -> ArtefactFinding:
    rule = problem.rule
    return ArtefactFinding(
        rule=rule.id,
        title=rule.title,
        admission=rule.admission,
        severity=rule.severity,
        explanation=problem.explanation,
        evidence=printable(problem.evidence, 200),
        tags=rule.tags,
    )


def _report(
    path: Path, found: list[ArtefactFinding], formats: Iterable[str] = (), size: int = -1, digest: str = ""
) -> ArtefactReport:
    return ArtefactReport(
        path=str(path),
        verdict=Admission.strictest(one.admission for one in found),
        findings=tuple(found),
        formats=tuple(sorted(formats)),
        size=size,
        sha256=digest,
    )
