"""Pickle in every framing that begins with the stream itself: plain, joblib, torch before 1.6."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context, scanner
from bartizan.supplychain.pickles import stream
from bartizan.supplychain.pickles.findings import PICKLE_RULES


@scanner
class PickleStream:
    """Recognised by what an unpickler would do with it, not by a mark, which protocols 0 and 1 do not have."""

    id = "pickle"
    rules = PICKLE_RULES

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """Whether an unpickler would do anything with it."""
        return stream.looks_like_pickle(source, context)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """Everything any unpickler would do that is not on the list."""
        return stream.scan(source, context, context.container)
