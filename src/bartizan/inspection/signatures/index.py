"""Signatures behind one matcher."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from bartizan.core.passage import Surface
from bartizan.inspection.matcher import build_matcher
from bartizan.inspection.signatures.boundaries import stands_alone
from bartizan.inspection.signatures.evidence import Seen
from bartizan.inspection.signatures.pack import Signature

MAX_HITS = 256
"""Hits that one look at a text gives."""


class Index:
    """Finds where a fixed list of signatures hits a folded text."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        rows = list(signatures)
        literals = [(phrase, row) for row in rows for phrase in row.literals]
        patterns = [(pattern, row) for row in rows for pattern in row.patterns]
        self._literals = len(literals)
        self._owners = [row for _, row in literals + patterns]
        self._matcher = build_matcher([phrase for phrase, _ in literals], [pattern for pattern, _ in patterns])

    def find(self, text: str) -> list[Seen]:
        """Hits of all signatures, by start."""
        hits = self._matcher.find(text)
        if not hits:
            return []
        owners, literals = self._owners, self._literals
        return [
            Seen(hit.start, hit.end, (owner := owners[hit.index]).score, owner)
            for hit in hits
            if hit.index >= literals or stands_alone(text, hit.start, hit.end)
        ]


def serving(seen: Iterable[Seen], surface: Surface) -> list[Seen]:
    """The first 256 hits of the signatures that serve ``surface``."""
    return list(islice((hit for hit in seen if surface in hit.signature.surfaces), MAX_HITS))
