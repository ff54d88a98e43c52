"""Tombstones and legal holds: signed records in segments of a writer of their own, which retention never removes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from bartizan.core.errors import JournalError
from bartizan.core.event import Event
from bartizan.core.event.custody import ContentErased, Custody, HoldPlaced, HoldReleased, RecordsExpired
from bartizan.telemetry.following import whole_lines
from bartizan.telemetry.reader import last_link, segments
from bartizan.telemetry.sealing import read_seals
from bartizan.telemetry.segment import DONE_SUFFIX, SEGMENT_NAME
from bartizan.trust.signing import SignatureInvalid, SigningKey, TrustedKeys

WRITER: Final = "custody"
_STARTS: Final = tuple(
    f'{{"kind":"{kind}"'.encode() for kind in ("content.erased", "hold.placed", "hold.released", "records.expired")
)
_TITLE: Final = b"bartizan custody v1\n"
C = TypeVar("C", bound=Custody)


def statement(record: Custody) -> bytes:
    """The bytes that are signed: a title, then the record as JSON without its signature."""
    return _TITLE + msgspec.json.encode(msgspec.structs.replace(record, signature=""))


def signed(record: C, key: SigningKey) -> C:
    """The record with the key's signature."""
    named = msgspec.structs.replace(record, key=key.public.id)
    signature = base64.b64encode(key.sign(statement(named))).decode("ascii")
    return msgspec.structs.replace(named, signature=signature)


def check(record: Custody, keys: TrustedKeys) -> None:
    """Return if a trusted key signed this record. Raises SignatureInvalid."""
    try:
        signature = base64.b64decode(record.signature, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureInvalid("its signature is not base64") from None
    keys.verify(record.key, statement(record), signature)


class Placed(NamedTuple):
    """A record of custody and where it stands."""

    segment: str
    line: int
    record: Custody


def read_custody(directory: Path) -> Iterator[Placed]:
    """Every such record in the journal, whoever signed it. Raises JournalError."""
    decode = msgspec.json.Decoder(Event).decode
    for path, line in whole_lines(directory, lambda content: content.startswith(_STARTS), WRITER):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):  # verification finds the line altered
            record = decode(line.content)
            if isinstance(record, Custody):
                yield Placed(path.name, line.number, record)


class Register:
    """What custody says now: what is gone by right, and what must stay.

    Args:
        placed: the records.
        keys: whose signatures count; None believes every record, for a look that proves nothing.
    """

    def __init__(self, placed: Iterable[Placed], keys: TrustedKeys | None) -> None:
        self.erased: set[str] = set()
        """Entries of the vault, ``<segment>.<offset>``."""
        self.vaults: set[str] = set()
        """Whole segments of the vault."""
        self.expired: list[RecordsExpired] = []
        self.holds: dict[str, HoldPlaced] = {}
        """In force, by id."""
        self.forged: list[tuple[Placed, str]] = []
        """Records that no trusted key signed; they count for nothing."""
        for one in placed:
            try:
                if keys is not None:
                    check(one.record, keys)
            except SignatureInvalid as error:
                self.forged.append((one, error.cause))
                continue
            self._take(one.record)

    def _take(self, record: Custody) -> None:
        match record:
            case ContentErased():
                self.erased.update(record.entries)
                self.vaults.update(record.vaults)
            case RecordsExpired():
                self.expired.append(record)
            case HoldPlaced():
                self.holds[record.hold] = record
            case HoldReleased():
                self.holds.pop(record.hold, None)

    def gone(self, segment: str, entry: str) -> bool:
        """A tombstone stands for this entry of the vault."""
        return segment in self.vaults or entry in self.erased

    def holds_on(self, principal: str, request: str) -> list[HoldPlaced]:
        """The holds that cover a record of this principal and request."""
        return [
            hold
            for hold in self.holds.values()
            if not (hold.principal or hold.request)
            or (hold.principal and hold.principal == principal)
            or (hold.request and hold.request == request)
        ]


def register_of(directory: Path, keys: TrustedKeys) -> Register:
    """The register to act on: every record of custody that a seal names must be there, and each be signed.

    Raises:
        JournalError: one is missing or forged, so that a hold may have been taken away.
    """
    _complete(directory)
    register = Register(read_custody(directory), keys)
    if register.forged:
        place, cause = register.forged[0]
        raise JournalError(
            f"{place.segment}:{place.line}: a record of custody is not signed by a trusted key: {cause}",
            "nothing was erased; run: bartizan events verify",
        )
    return register


def _complete(directory: Path) -> None:
    last: dict[str, tuple[int, str]] = {}
    for seal in read_seals(directory):
        for head in seal.heads:
            if head.writer == WRITER and head.seq >= last.get(head.segment, (-1, ""))[0]:
                last[head.segment] = (head.seq, head.hash)
    present = {path.name.removesuffix(".open"): path for path in segments(directory)}
    for name, (seq, digest) in last.items():
        path = present.get(name)
        try:
            link = last_link(path) if path is not None else None
        except OSError as error:
            raise JournalError(f"cannot read {path}: {error.strerror}") from error
        if link is None or link.seq < seq or (link.seq == seq and link.hash.decode() != digest):
            raise JournalError(
                f"the record of custody {name} is not as it was sealed",
                "a legal hold may have been taken away; nothing was erased; run: bartizan events verify",
            )


def is_custody(path: Path) -> bool:
    """A segment of the journal that holds such records."""
    match = SEGMENT_NAME.fullmatch(path.name)
    return match is not None and match[1] == WRITER


def complete(path: Path) -> bool:
    """A segment of the journal that nobody writes any more."""
    return path.name.endswith(DONE_SUFFIX)
