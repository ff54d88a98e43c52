"""Records of the OSV schema 1.7 (https://ossf.github.io/osv-schema/), as far as matching needs them."""

from __future__ import annotations

from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True):
    """One change of state; exactly one field is set."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(msgspec.Struct, frozen=True):
    """Events along one ordering."""

    type: str = ""
    events: tuple[Event, ...] = ()


class Named(msgspec.Struct, frozen=True):
    """A package; its ecosystem may carry a suffix after a colon."""

    ecosystem: str = ""
    name: str = ""


class Scored(msgspec.Struct, frozen=True):
    """A severity by some method."""

    type: str = ""
    score: str = ""


class Affected(msgspec.Struct, frozen=True):
    """Versions of one package."""

    package: Named = Named()
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    severity: tuple[Scored, ...] = ()
    database_specific: Any = None
    ecosystem_specific: Any = None


class Record(msgspec.Struct, frozen=True):
    """One advisory."""

    id: str
    modified: str = ""
    withdrawn: str | None = None
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: tuple[Scored, ...] = ()
    affected: tuple[Affected, ...] = ()
    database_specific: Any = None

    @property
    def malicious(self) -> bool:
        """Whether it says that the package was made to do harm (OpenSSF malicious-packages, ids ``MAL-…``)."""
        return any(one.startswith("MAL-") for one in (self.id, *self.aliases))


class Place(msgspec.Struct, frozen=True):
    """A package alone."""

    package: Named = Named()


class Heading(msgspec.Struct, frozen=True):
    """What the index needs of a record; the rest of its JSON is skipped."""

    id: str
    modified: str = ""
    withdrawn: str | None = None
    affected: tuple[Place, ...] = ()
