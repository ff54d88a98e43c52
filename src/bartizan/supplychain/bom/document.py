"""A bill of materials as JSON text: bounded and unambiguous before anything is made of it, then read as what it is."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import Bill, BillError
from bartizan.supplychain.formats.json_text import decode
from bartizan.supplychain.interface import MalformedError

LARGEST = 256 << 20
"""Bytes of one document."""


def opened(raw: bytes) -> dict[str, Any]:
    """The document's object. Raises BillError: too large, no JSON object, or a key that stands twice."""
    if len(raw) > LARGEST:
        raise BillError(f"a document of {len(raw):,} bytes", f"at most {LARGEST:,}")
    try:
        decoded = decode(raw, most=LARGEST)
    except MalformedError as problem:
        raise BillError(f"not a bill of materials: {problem.cause}") from None
    if decoded.repeated:
        raise BillError(f"the key {printable(decoded.repeated[0], 60)!r} stands twice in one object", "readers differ")
    if not isinstance(decoded.root, dict):
        raise BillError("not a bill of materials", "a CycloneDX or SPDX 3 document in JSON")
    return decoded.root


def writable(bill: Bill) -> Bill:
    """The same bill. Raises BillError: a text in it cannot be written again."""
    try:
        msgspec.json.encode(bill)
    except UnicodeEncodeError:
        raise BillError("a text in the document contains a lone surrogate") from None
    return bill


def moment_of(text: str) -> str:
    """A time of the document in whole seconds, UTC; empty for what is none."""
    try:
        at = datetime.datetime.fromisoformat(text)
        return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at.tzinfo is not None else ""
    except (ValueError, OverflowError):
        return ""


def from_document(raw: bytes, source: str = "the document") -> Bill:
    """The bill of a CycloneDX (1.4 to 1.7) or SPDX 3.0 document in JSON.

    Args:
        raw: the document.
        source: what its assertions are attributed to.

    Raises:
        BillError: neither of them, too large, or it contradicts its own form.
    """
    from bartizan.supplychain.bom.cyclonedx_read import read_cyclonedx
    from bartizan.supplychain.bom.spdx_read import read_spdx

    root = opened(raw)
    return writable(read_spdx(root, source) if "@graph" in root else read_cyclonedx(root, source))
