"""Pickles in the middle of other bytes: in metadata, attributes and cells that some readers unpickle."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context
from bartizan.supplychain.pickles.findings import DANGEROUS

_PROTO = re.compile(rb"\x80[\x02-\x05](?=[\x80-\x95(\]}c\x8c])")
_MOST = 200


def hidden(raw: bytes, at: int, context: Context) -> Iterator[ArtefactFinding]:
    """Findings against whatever looks like the begin of a pickle and names something that runs code.

    Args:
        at: where ``raw`` lies, for the way to what is found.
    """
    for number, found in enumerate(_PROTO.finditer(raw)):
        if number >= _MOST:
            return
        rest = raw[found.start() : found.start() + (64 << 10)]
        if not (b"c" in rest[:64] or b"\x93" in rest or b"\x8c" in rest[:64] or b"R" in rest):
            continue
        for finding in context.nested(ByteSource(rest, "metadata.pkl"), f"metadata@{at + found.start()}", opaque=True):
            if finding.rule == DANGEROUS.id:  # numbers that look like a pickle name nothing that exists
                yield finding
