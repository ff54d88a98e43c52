"""Time stamps over seals: what is asked of an authority, and what verification makes of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography import x509

from bartizan.core.clock import utc_now
from bartizan.core.event import JournalSealed, JournalStamped
from bartizan.core.ids import new_id
from bartizan.telemetry.following import whole_lines
from bartizan.telemetry.seal import digest, statement
from bartizan.trust.timestamp import StampInvalid, StampRequest, check_stamp, decode, encode, make_request

WRITER: Final = "stamps"
"""Of the journal; time stamps stand in its segments alone, so that nobody reads the whole journal for them."""
_START: Final = b'{"kind":"journal.stamped"'


class Stamped(NamedTuple):
    """A seal and when it existed at the latest."""

    number: int
    sealed: datetime
    """By our own clock, as the seal says."""
    by: datetime
    """By the authority's."""


def request_for(seal: JournalSealed) -> StampRequest:
    """What to send for a seal. Raises ConfigurationError."""
    return make_request(statement(seal.id, seal.at, seal.number, seal.previous, seal.heads))


def stamped(seal: JournalSealed, asked: StampRequest, answer: bytes, roots: list[x509.Certificate]) -> JournalStamped:
    """The record of an authority's answer. Raises StampInvalid if it does not hold."""
    known = digest(seal)
    check_stamp(answer, bytes.fromhex(known), asked.nonce, roots)
    return JournalStamped(
        id=new_id("evt"), at=utc_now(), number=seal.number, digest=known, nonce=f"{asked.nonce:x}", stamp=encode(answer)
    )


def read_stamps(directory: Path) -> Iterator[JournalStamped]:
    """The time stamps in a journal, unchecked. Raises JournalError."""
    decoder = msgspec.json.Decoder(JournalStamped)
    for _, line in whole_lines(directory, lambda content: content.startswith(_START), WRITER):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):  # verification finds the line altered
            yield decoder.decode(line.content)


def check_stamps(
    stamps: Sequence[JournalStamped],
    seals: Mapping[int, JournalSealed],
    gone: Mapping[int, str],
    roots: list[x509.Certificate],
) -> tuple[list[Stamped], list[str]]:
    """The time stamps that hold, and what is wrong with the others.

    Args:
        stamps: to check.
        seals: those that trusted keys signed, by number.
        gone: numbers of seals that expired, with their digest where it is known.
        roots: trusted certificates.
    """
    held, wrong = [], []
    for one in stamps:
        seal = seals.get(one.number)
        known = digest(seal) if seal is not None else gone.get(one.number, "")
        if seal is None and one.number in gone:
            continue  # its seal expired, and what it says can no longer be compared
        try:
            if known != one.digest:
                raise StampInvalid(f"seal {one.number} is not the one that was stamped")
            stamp = check_stamp(decode(one.stamp), bytes.fromhex(known), int(one.nonce, 16), roots)
        except (StampInvalid, ValueError) as error:
            wrong.append(f"the time stamp of seal {one.number}: {error}")
            continue
        assert seal is not None
        held.append(Stamped(one.number, seal.at, stamp.time))
    return held, wrong
