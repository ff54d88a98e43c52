"""What a scanner is. To add a format, put one file into ``supplychain/scanners/`` with a class like this:

    @scanner
    class Gguf:
        id = "gguf"
        rules = (BAD_BOUNDS,)

        def recognises(self, source: ByteSource, context: Context) -> bool: ...
        def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]: ...

Every scanner whose ``recognises`` says yes looks at the same bytes, because different loaders read the same bytes
differently. Content decides; a name never takes a scanner away. A scanner raises nothing but `MalformedError` and
`BudgetError`; the engine turns both into findings, and any other exception into ``scan.failed`` (inconclusive).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import msgspec

from bartizan.core.artefact import Admission, ArtefactFinding
from bartizan.core.errors import BartizanError
from bartizan.core.problem import printable
from bartizan.core.registry import registrar
from bartizan.core.threat import Severity
from bartizan.supplychain.budget import Budget, BudgetError, Limits
from bartizan.supplychain.source import ByteSource

CODE_EXECUTION = ("CWE-502", "MITRE-ATLAS-2026.09:AML.T0011.000", "OWASP-LLM-2026:LLM04")
"""Tags of what runs code when it is loaded."""
MALFORMED = ("CWE-20", "MITRE-ATLAS-2026.09:AML.T0010.003", "OWASP-LLM-2026:LLM04")
"""Tags of what parsers may read in more than one way."""


class MalformedError(BartizanError):
    """The bytes break their own format; becomes the finding ``format.malformed``, which is inconclusive."""

    def __init__(self, cause: str, offset: int = -1) -> None:
        super().__init__(cause)
        self.offset = offset


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a scanner can find. Every rule has its row in docs/supplychain."""

    id: str
    """``format.what_it_is``; never changes its meaning."""
    title: str
    admission: Admission
    severity: Severity
    tags: tuple[str, ...]


class Stored(NamedTuple):
    """A storage of torch's archive."""

    size: int
    """Bytes."""
    content: ByteSource | None
    """None where it is compressed."""


class Context(Protocol):
    """What the engine gives a scanner for one source."""

    member: str
    """Way into the artefact, joined by ``!``; empty for the file itself."""
    name: str
    """Last component of the file's or member's path; empty if unknown. Loaders such as transformers go by it."""
    depth: int
    budget: Budget
    container: str
    """Kind of the container around this source, as its scanner names it (``torch``, ``npz``, …); empty without one."""
    storages: Mapping[str, Stored] | None
    """Each storage of torch's archive around this source, by its key; None where nothing says them."""

    def found(
        self, rule: Rule, explanation: str, *, offset: int = -1, evidence: str = "", member: str = ""
    ) -> ArtefactFinding:
        """A finding at this source, or at ``member`` inside it; ``evidence`` is made printable and cut."""
        ...

    def nested(
        self,
        source: ByteSource,
        member: str,
        *,
        opaque: bool = False,
        container: str = "",
        storages: Mapping[str, Stored] | None = None,
    ) -> Iterable[ArtefactFinding]:
        """Scan ``source``, which stands in this one as ``member``, under every interpretation.

        Args:
            container: what the scanners of ``source`` are told about this container.
            storages: what they are told about the storages in it.
            opaque: the container itself says that these are raw numbers or text that nobody interprets, so that an
                unknown format is no finding; what is recognised is scanned all the same.
        """
        ...

    def beside(self, path: str) -> ByteSource | None:
        """A regular file in the folder of the file that is scanned, or below it, without links; None if there is none.

        Members of archives have nothing beside them.

        Args:
            path: relative, with ``/``.
        """
        ...


class Scanner(Protocol):
    """One format."""

    id: str
    """Name of the format, such as ``gguf``."""
    rules: tuple[Rule, ...]
    """All the rules it can raise."""

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """Whether a loader of this format may accept these bytes. Cheap: reads a few kilobytes. Never raises."""
        ...

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Everything that speaks against loading it. Raises `MalformedError` or `BudgetError`, nothing else."""
        ...


scanner = registrar("scanner")
"""Registers a scanner class."""

__all__ = [
    "CODE_EXECUTION",
    "MALFORMED",
    "Admission",
    "ArtefactFinding",
    "Budget",
    "BudgetError",
    "ByteSource",
    "Context",
    "Limits",
    "MalformedError",
    "Rule",
    "Scanner",
    "Severity",
    "Stored",
    "printable",
    "scanner",
]
