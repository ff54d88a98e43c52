"""What is decided about artefacts: models, archives, skills, manifests. (Traffic gets a Verdict instead.)"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from bartizan.core.threat import Severity


class Admission(StrEnum):
    """Ordered from harmless to strict; inconclusive is never allowed by default."""

    ALLOW = "allow"
    INCONCLUSIVE = "inconclusive"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Position in the order allow < inconclusive < block."""
        return _RANKS[self]

    @classmethod
    def strictest(cls, admissions: Iterable[Admission]) -> Admission:
        """The strictest of them; ``allow`` for none."""
        return max(admissions, key=lambda one: one.rank, default=cls.ALLOW)


_RANKS = {admission: rank for rank, admission in enumerate(Admission)}


class ArtefactFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was seen in an artefact."""

    rule: str
    """Stable id such as ``pickle.unlisted_global``; documented in docs/supplychain."""
    title: str
    admission: Admission
    """What this finding alone asks for."""
    severity: Severity
    explanation: str
    """Plain words: what is there and what would run when the artefact is loaded."""
    offset: int = -1
    """Byte offset in the innermost member; -1 where there is none."""
    member: str = ""
    """Way into the artefact, outermost first, joined by ``!``; empty for the file itself."""
    evidence: str = ""
    """The name, opcode or value that was seen; one printable line."""
    tags: tuple[str, ...] = ()
    """CWE ids and framework references with edition, such as ``MITRE-ATLAS-2026.09:AML.T0011.000``."""


class ArtefactReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found about one file."""

    path: str
    verdict: Admission
    findings: tuple[ArtefactFinding, ...] = ()
    formats: tuple[str, ...] = ()
    """Ids of the scanners that recognised the file or something in it, sorted."""
    size: int = -1
    """Bytes; -1 where the file could not be read."""
    sha256: str = ""
    """Hexadecimal digest; empty where the file was not read to its end."""


class ArtefactGate(Protocol):
    """Paths to admissions; implemented by ``supplychain``, handed to other rooms by ``app``."""

    def scan(self, path: Path) -> ArtefactReport:
        """Look at one file without loading it. Never raises for what the file says."""
        ...
