"""What is recorded of texts and records that were read, held or taken away."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bartizan.core.event.record import Record


class ContentRead(Record, frozen=True, kw_only=True, omit_defaults=True, tag="content.read"):
    """Somebody opened texts of the vault; written before they are shown."""

    by: str
    """The account that ran the command."""
    reason: str
    events: tuple[str, ...]
    """Ids of the records whose texts were opened."""
    texts: int


class Custody(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the records that stand in for what is gone, or keep it from going: each is signed by itself."""

    by: str
    """Who decided."""
    reason: str
    key: str = ""
    """Id of the Ed25519 key."""
    signature: str = ""
    """Base64, over :func:`bartizan.telemetry.custody.statement`."""


class ContentErased(Custody, frozen=True, kw_only=True, omit_defaults=True, tag="content.erased"):
    """Tombstone of texts in the vault; written before their keys are destroyed."""

    scope: str
    """What was asked for, such as ``principal alice`` or ``age 30 days``."""
    entries: tuple[str, ...] = ()
    """Entries of the vault, ``<segment>.<offset>``."""
    vaults: tuple[str, ...] = ()
    """Ids of segments of the vault that went as a whole."""


class HoldPlaced(Custody, frozen=True, kw_only=True, omit_defaults=True, tag="hold.placed"):
    """A legal hold: what it covers is neither erased nor expired until it is released."""

    hold: str
    """Its id."""
    principal: str = ""
    request: str = ""
    """Covers the records of this principal or this request; everything if both are empty."""


class HoldReleased(Custody, frozen=True, kw_only=True, omit_defaults=True, tag="hold.released"):
    """A legal hold is over."""

    hold: str


class ExpiredSegment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A segment of the journal that was removed, and what its neighbours need in order to be verified."""

    name: str
    sha256: str
    """Hexadecimal, of the file."""
    records: int
    chain: str
    first: int
    """``seq`` of its first record."""
    previous: str
    """``prev`` of its first record."""
    last: int
    """``seq`` of its last record."""
    hash: str
    """Of its last record."""
    until: datetime
    """Time of its last record."""
    seals: tuple[int, ...] = ()
    """Numbers of the seals that were in it."""
    seal: str = ""
    """Digest of the newest of them."""


class ExpiredFile(msgspec.Struct, frozen=True):
    """A file of the lake that was removed."""

    name: str
    sha256: str
    rows: int


class RecordsExpired(Custody, frozen=True, kw_only=True, omit_defaults=True, tag="records.expired"):
    """Tombstone of old records; written before their files are removed."""

    gone: tuple[ExpiredSegment, ...] = ()
    lake: tuple[ExpiredFile, ...] = ()
