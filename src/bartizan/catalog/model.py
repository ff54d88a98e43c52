"""The rows of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import msgspec

from bartizan.core.control import Control, Reference
from bartizan.core.errors import ArtefactError
from bartizan.core.threat import Threat


class Confidence(StrEnum):
    """How sure we are that a row says what its publisher says."""

    VERIFIED = "verified"
    """Read in the publisher's own material."""
    SECONDARY = "secondary"
    """Read in somebody else's copy of it."""
    UNVERIFIED = "unverified"
    """Neither; the note says what is uncertain."""


class FrameworkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an external framework: id and title, and where we have them from."""

    reference: Reference
    title: str
    source: str
    verified_on: date
    confidence: Confidence
    note: str = ""


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """One edition of an external framework."""

    framework: str
    edition: str
    title: str
    publisher: str
    licence: str
    source: str
    verified_on: date
    note: str
    rows: tuple[FrameworkRow, ...]


class ThreatEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One of the seven threats."""

    id: Threat
    title: str
    description: str
    references: tuple[FrameworkRow, ...]


class Technique(msgspec.Struct, frozen=True, kw_only=True):
    """A way to carry a threat out, under the id that signals use."""

    id: str
    title: str
    threat: Threat
    description: str
    references: tuple[FrameworkRow, ...]
    aliases: tuple[str, ...] = ()
    """Other ids under which signature packs know it."""


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, by id."""

    threats: Mapping[Threat, ThreatEntry]
    techniques: Mapping[str, Technique]
    controls: Mapping[str, Control]
    frameworks: Mapping[str, Framework]
    """By ``FRAMEWORK-EDITION``."""
    rows: Mapping[str, FrameworkRow]
    """By full reference, such as ``OWASP-LLM-2026:LLM03``."""

    def technique(self, name: str) -> Technique | None:
        """The technique with that id or alias, or None."""
        found = self.techniques.get(name)
        return found or next((entry for entry in self.techniques.values() if name in entry.aliases), None)

    def row(self, reference: str) -> FrameworkRow:
        """The row behind ``FRAMEWORK-EDITION:ID``. Raises ArtefactError when there is none."""
        try:
            return self.rows[reference]
        except KeyError:
            hint = "references name the edition, such as OWASP-LLM-2026:LLM03"
            raise ArtefactError(f"the catalogue has no row {reference[:80]!r}", hint) from None
