"""Old segments of the journal go, under a signed tombstone that says what their neighbours need to be verified."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from bartizan.core.errors import JournalError
from bartizan.core.event import ExpiredSegment, JournalSealed
from bartizan.telemetry.custody import Register, complete, is_custody
from bartizan.telemetry.durable import sync_directory
from bartizan.telemetry.following import SEAL_START, Follower, lines
from bartizan.telemetry.reader import open_segment, segments
from bartizan.telemetry.seal import digest
from bartizan.telemetry.sealing import read_seals
from bartizan.telemetry.tailing import Cursor
from bartizan.telemetry.vault.reader import KEPT


class _Facts(msgspec.Struct, frozen=True):
    at: datetime
    principal: str = ""
    request: str = ""


class _Candidate(NamedTuple):
    path: Path
    expired: ExpiredSegment
    seals: tuple[JournalSealed, ...]


def expirable(
    directory: Path, before: datetime, register: Register, inside: Collection[str], cursors: Sequence[Cursor]
) -> list[ExpiredSegment]:
    """The segments that may go.

    Whole, in their chain, under a seal, older than ``before``, in the lake, read by everybody who follows the journal,
    under no hold, and without a text that the vault still keeps. The newest seal stays, and each seal that alone
    covers something that stays.

    Args:
        directory: the journal's.
        before: their last record is older.
        register: what custody says.
        inside: names of the segments that are in the lake.
        cursors: how far those have come who follow the journal.

    Raises:
        JournalError: the journal cannot be read.
    """
    seals = list(read_seals(directory))
    newest = max((seal.number for seal in seals), default=-1)
    covered: dict[str, int] = {}
    for seal in seals:
        for head in seal.heads:
            covered[head.chain] = max(head.seq, covered.get(head.chain, -1))
    found: list[_Candidate] = []
    for path in segments(directory):
        if not complete(path) or is_custody(path) or path.name not in inside:
            continue
        if any(cursor.offsets.get(path.name) != -1 for cursor in cursors):
            continue
        candidate = _examined(path, before, register)
        if candidate is None or candidate.expired.last > covered.get(candidate.expired.chain, -1):
            continue
        if newest not in candidate.expired.seals:
            found.append(candidate)
    return [candidate.expired for candidate in _without_needed(found, seals, register)]


def _without_needed(found: list[_Candidate], seals: list[JournalSealed], register: Register) -> list[_Candidate]:
    """Leave out what holds a seal that something which stays depends on; repeat until nothing changes."""
    gone = {segment.name for record in register.expired for segment in record.gone}
    while True:
        leaving = gone | {candidate.expired.name for candidate in found}
        numbers = {number for candidate in found for number in candidate.expired.seals}
        staying: dict[str, int] = {}
        for seal in seals:
            if seal.number not in numbers:
                for head in seal.heads:
                    staying[head.chain] = max(head.seq, staying.get(head.chain, -1))
        kept = [
            candidate
            for candidate in found
            if all(
                head.segment in leaving or staying.get(head.chain, -1) >= head.seq
                for seal in candidate.seals
                for head in seal.heads
            )
        ]
        if len(kept) == len(found):
            return found
        found = kept


def _examined(path: Path, before: datetime, register: Register) -> _Candidate | None:
    """The facts of a segment; None where it has to stay."""
    decode, seal_decoder = msgspec.json.Decoder(_Facts).decode, msgspec.json.Decoder(JournalSealed)
    follower, whole, count = Follower(), sha256(), 0
    first, previous, until = -1, "", datetime.min.replace(tzinfo=UTC)
    seals: list[JournalSealed] = []
    try:
        with open_segment(path) as file:
            for line in lines(file):
                whole.update(line.content)
                count += 1
                if line.link is None or follower.judge(path.name, line) is not None:
                    return None
                if first < 0:
                    first, previous = line.link.seq, line.link.prev.decode()
                facts = decode(line.content)
                at = facts.at if facts.at.tzinfo is not None else facts.at.replace(tzinfo=UTC)
                until = max(until, at)
                if until >= before or register.holds_on(facts.principal, facts.request):
                    return None
                for text in KEPT.findall(line.content):
                    segment, offset, _ = text.decode("ascii").split(".")
                    if not register.gone(segment, f"{segment}.{offset}"):
                        return None
                if line.content.startswith(SEAL_START):
                    seals.append(seal_decoder.decode(line.content))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror}") from error
    if not count:
        return None
    last = max(seals, key=lambda seal: seal.number, default=None)
    expired = ExpiredSegment(
        name=path.name,
        sha256=whole.hexdigest(),
        records=count,
        chain=follower.chain,
        first=first,
        previous=previous,
        last=follower.seq - 1,
        hash=follower.head.decode(),
        until=until,
        seals=tuple(seal.number for seal in seals),
        seal=digest(last) if last is not None else "",
    )
    return _Candidate(path, expired, tuple(seals))


def remove_expired(directory: Path, register: Register) -> int:
    """Remove the files that a tombstone stands for; gives how many were there. Raises JournalError."""
    done = 0
    try:
        for record in register.expired:
            for segment in record.gone:
                path = directory / segment.name
                # Only what the tombstone speaks of: another file of that name stays, and verification says so.
                if path.parent == directory and path.is_file() and _sha256(path) == segment.sha256:
                    path.unlink()
                    done += 1
        if done:
            sync_directory(directory)
    except OSError as error:
        raise JournalError(f"cannot remove old segments: {error.strerror}") from error
    return done


def _sha256(path: Path) -> str:
    whole = sha256()
    with path.open("rb") as file:
        while block := file.read(1_048_576):
            whole.update(block)
    return whole.hexdigest()


class Gone:
    """What tombstones say of segments that are not there, for a walk along the chains.

    Args:
        register: what custody says.
        present: names of the segments that are there.
    """

    def __init__(self, register: Register, present: Collection[str]) -> None:
        named = [segment for record in register.expired for segment in record.gone]
        self.segments = {segment.name: segment for segment in named if segment.name not in present}
        self.unfinished = len({segment.name for segment in named if segment.name in present})
        """Segments under a tombstone that are still there."""
        self._next = {(segment.chain, segment.first): segment for segment in self.segments.values()}

    def skip(self, follower: Follower) -> None:
        """Take a walk over what is gone right before its next record."""
        while (segment := self._next.get((follower.chain, follower.seq))) is not None:
            if follower.head and segment.previous != follower.head.decode():
                return
            follower.seq, follower.head = segment.last + 1, segment.hash.encode()

    def ends(self) -> Iterator[bytes]:
        """Hashes of last records."""
        return (segment.hash.encode() for segment in self.segments.values())

    def seals(self) -> dict[int, str]:
        """Numbers of seals that are gone, with the digest of the newest of each segment."""
        found: dict[int, str] = {}
        for segment in self.segments.values():
            for number in segment.seals:
                found[number] = segment.seal if number == max(segment.seals) else ""
        return found

    def explains(self, name: str, chain: str, seq: int, digest_of_head: str) -> bool:
        """A head that a seal signed is in a segment that is gone by right."""
        segment = self.segments.get(name)
        if segment is None or segment.chain != chain or seq > segment.last:
            return False
        return seq < segment.last or digest_of_head == segment.hash
