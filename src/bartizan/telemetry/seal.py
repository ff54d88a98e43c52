"""What a seal says, signs and links to."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.event import Head, JournalSealed
from bartizan.core.ids import new_id
from bartizan.telemetry.segment import SEGMENT_NAME
from bartizan.trust.signing import SignatureInvalid, SigningKey, TrustedKeys

_HEX32: Final = re.compile(r"[0-9a-f]{32}")
_HEX64: Final = re.compile(r"[0-9a-f]{64}")


def statement(identifier: str, at: datetime, number: int, previous: str, heads: Sequence[Head]) -> bytes:
    """The bytes that are signed: a title, then one line per fact, fields apart by one space."""
    lines = ["bartizan journal seal v1", identifier, rfc3339(at), str(number), previous or "-"]
    lines += [f"{head.chain} {head.writer} {head.segment} {head.seq} {head.hash}" for head in heads]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def digest(seal: JournalSealed) -> str:
    """Hexadecimal SHA-256 of the seal's statement, which the next seal names."""
    return sha256(statement(seal.id, seal.at, seal.number, seal.previous, seal.heads)).hexdigest()


def make_seal(key: SigningKey, heads: Sequence[Head], last: JournalSealed | None) -> JournalSealed:
    """A signed seal over ``heads`` that follows ``last``."""
    identifier, at = new_id("evt"), utc_now()
    number = last.number + 1 if last is not None else 0
    previous = digest(last) if last is not None else ""
    signature = key.sign(statement(identifier, at, number, previous, heads))
    return JournalSealed(
        id=identifier,
        at=at,
        number=number,
        previous=previous,
        heads=tuple(heads),
        key=key.public.id,
        signature=base64.b64encode(signature).decode("ascii"),
    )


def check_seal(seal: JournalSealed, keys: TrustedKeys) -> None:
    """Return if a trusted key signed this seal and its fields have their form. Raises SignatureInvalid."""
    for head in seal.heads:
        name = SEGMENT_NAME.fullmatch(head.segment)
        if (
            not (_HEX32.fullmatch(head.chain) and _HEX64.fullmatch(head.hash))
            or name is None
            or name[1] != head.writer
            or head.seq < 0
        ):
            raise SignatureInvalid("a head of the seal is malformed")
    try:
        signature = base64.b64decode(seal.signature, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureInvalid("the seal's signature is not base64") from None
    keys.verify(seal.key, statement(seal.id, seal.at, seal.number, seal.previous, seal.heads), signature)
