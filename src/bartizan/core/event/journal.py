"""What the journal records of itself."""

from __future__ import annotations

import msgspec

from bartizan.core.event.record import Record


class Head(msgspec.Struct, frozen=True):
    """The last record of a writer's chain in one segment, at the time of a seal."""

    chain: str
    """32 hexadecimal digits."""
    writer: str
    segment: str
    """Name of the complete segment, whether or not it was complete then."""
    seq: int
    hash: str
    """Hexadecimal SHA-256 of the record."""


class JournalSealed(Record, frozen=True, kw_only=True, omit_defaults=True, tag="journal.sealed"):
    """Heads of the journal's chains, signed; a copy that leaves the machine anchors everything before it."""

    number: int
    """Counts from 0 over all seals of a journal."""
    previous: str
    """Hexadecimal SHA-256 of the statement of the seal before this one; empty for the first."""
    heads: tuple[Head, ...]
    """Those that have moved since the seal before this one."""
    key: str
    """Id of the Ed25519 key."""
    signature: str
    """Base64, over :func:`bartizan.telemetry.seal.statement`."""


class JournalStamped(Record, frozen=True, kw_only=True, omit_defaults=True, tag="journal.stamped"):
    """A third party said that a seal existed by a time (RFC 3161)."""

    number: int
    """Of the seal."""
    digest: str
    """Hexadecimal SHA-256 of the seal's statement, which was stamped."""
    nonce: str
    """Hexadecimal; of the request."""
    stamp: str
    """Base64 of the authority's answer, DER."""


class JournalDamaged(Record, frozen=True, kw_only=True, omit_defaults=True, tag="journal.damaged"):
    """A segment is not what its writer wrote: it is not sealed, and somebody should look."""

    segment: str
    line: int
    """Counts from 1; 0 for the segment as a whole."""
    problem: str
