"""Runs every scanner that recognises the bytes, down into what is nested in them, within one budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bartizan.core.artefact import Admission, ArtefactFinding
from bartizan.core.problem import printable
from bartizan.core.threat import Severity
from bartizan.supplychain.budget import Budget, BudgetError
from bartizan.supplychain.interface import MALFORMED, Context, MalformedError, Rule, Scanner, Stored
from bartizan.supplychain.naming import OTHER_CONTENT, contradicts
from bartizan.supplychain.neighbours import neighbour
from bartizan.supplychain.source import ByteSource

UNKNOWN = Rule(
    id="format.unknown",
    title="Format nobody here knows",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.LOW,
    tags=MALFORMED,
)
BROKEN = Rule(
    id="format.malformed",
    title="Breaks its own format",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=MALFORMED,
)
EMPTY = Rule(
    id="format.empty", title="Empty file", admission=Admission.INCONCLUSIVE, severity=Severity.LOW, tags=MALFORMED
)
LIMIT = Rule(
    id="scan.limit",
    title="Scan stopped at a limit",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=("CWE-400", *MALFORMED[1:]),
)
FAILED = Rule(
    id="scan.failed",
    title="Scanner failed",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM,
    tags=MALFORMED,
)
ENGINE_RULES = (UNKNOWN, BROKEN, EMPTY, LIMIT, FAILED, OTHER_CONTENT)


class Scan:
    """The scan of one file; keeps what was found and which formats were recognised.

    Args:
        folder: in which the file lies, for what it includes; None where it lies nowhere.
    """

    def __init__(self, scanners: Sequence[Scanner], budget: Budget, folder: Path | None = None) -> None:
        self.scanners = scanners
        self.budget = budget
        self.folder = folder
        self.formats: set[str] = set()
        self._kept = 0

    def run(self, source: ByteSource) -> list[ArtefactFinding]:
        """Findings of the file, without repeats, in the order in which they were made."""
        return list(dict.fromkeys(self.look(source, "", 0, opaque=False)))

    def look(
        self,
        source: ByteSource,
        member: str,
        depth: int,
        *,
        opaque: bool,
        container: str = "",
        storages: Mapping[str, Stored] | None = None,
    ) -> Iterator[ArtefactFinding]:
        """Every interpretation of one source; a limit ends it with a finding and ends the scans around it as well."""
        context = _Context(self, member, source.name, depth, container, storages)
        try:
            self.budget.member(depth)
            if not source.size:
                if not opaque:
                    yield context.found(EMPTY, "There is nothing in it; a loader fails or takes another file.")
                return
            known: set[str] = set()
            for scanner in self.scanners:
                if not self._recognises(scanner, source, context):
                    continue
                known.add(scanner.id)
                self.formats.add(scanner.id)
                yield from self._scanned(scanner, source, context)
            if known and not opaque and contradicts(source.name, known):
                yield context.found(
                    OTHER_CONTENT,
                    f"Its name says that a loader unpickles it, but its content is {' and '.join(sorted(known))}, so "
                    "the loader fails, or is another one than the name says.",
                    evidence=source.read(0, 16).hex(),
                )
            if not known and not opaque:
                yield context.found(
                    UNKNOWN,
                    "Its content is of no format that is known here, so nobody can say what a loader would do with it.",
                    evidence=source.read(0, 16).hex(),
                )
        except BudgetError as stop:
            yield context.found(LIMIT, f"{stop.cause}; what comes after was not looked at.", evidence=stop.limit)

    def _recognises(self, scanner: Scanner, source: ByteSource, context: _Context) -> bool:
        try:
            return scanner.recognises(source, context)
        except BudgetError:
            raise
        except Exception:  # a recogniser that fails has at least not said no: its scanner decides
            return True

    def _scanned(self, scanner: Scanner, source: ByteSource, context: _Context) -> Iterator[ArtefactFinding]:
        try:
            for finding in scanner.scan(source, context):
                self._kept += 1
                if self._kept > self.budget.limits.findings:
                    raise BudgetError("findings", self.budget.limits.findings)
                yield finding
        except MalformedError as problem:
            yield context.found(BROKEN, f"As {scanner.id}: {problem.cause}.", offset=problem.offset)
        except (BudgetError, GeneratorExit):
            raise
        except Exception as error:  # fail closed: what a parser did not expect is not allowed
            yield context.found(
                FAILED, f"The scanner {scanner.id} met something it does not expect.", evidence=repr(error)
            )


class _Context:
    def __init__(
        self, scan: Scan, member: str, name: str, depth: int, container: str, storages: Mapping[str, Stored] | None
    ) -> None:
        self._scan = scan
        self.member = member
        self.name = name
        self.depth = depth
        self.container = container
        self.storages = storages
        self.budget = scan.budget

    def found(
        self, rule: Rule, explanation: str, *, offset: int = -1, evidence: str = "", member: str = ""
    ) -> ArtefactFinding:
        return ArtefactFinding(
            rule=rule.id,
            title=rule.title,
            admission=rule.admission,
            severity=rule.severity,
            explanation=printable(explanation, 1_000),
            offset=offset,
            member=printable(self._way(member) if member else self.member, 500),
            evidence=printable(evidence, 200),
            tags=rule.tags,
        )

    def nested(
        self,
        source: ByteSource,
        member: str,
        *,
        opaque: bool = False,
        container: str = "",
        storages: Mapping[str, Stored] | None = None,
    ) -> Iterable[ArtefactFinding]:
        way = self._way(member)
        return self._scan.look(source, way, self.depth + 1, opaque=opaque, container=container, storages=storages)

    def beside(self, path: str) -> ByteSource | None:
        folder = self._scan.folder
        return neighbour(folder, path) if folder is not None and not self.depth else None

    def _way(self, member: str) -> str:
        return f"{self.member}!{member}" if self.member else member


def _conforms(context: _Context) -> Context:
    return context
