"""Signatures behind one matcher."""

from __future__ import annotations

from collections.abc import Iterable

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

    def find(self, text: str, surface: Surface) -> list[Seen]:
        """Hits of the signatures that serve ``surface``, by start; the first 256."""
        seen: list[Seen] = []
        for hit in self._matcher.find(text):
            owner = self._owners[hit.index]
            if surface not in owner.surfaces:
                continue
            if hit.index < self._literals and not stands_alone(text, hit.start, hit.end):
                continue
            seen.append(Seen(hit.start, hit.end, owner.score, owner))
            if len(seen) >= MAX_HITS:
                break
        return seen
