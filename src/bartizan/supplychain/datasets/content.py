"""What stands in rows that has no business in training data: orders, invisible characters, credentials, people."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from bartizan.inspection.patterns import PatternScanner
from bartizan.inspection.personal_data import PERSONAL_DATA_PATTERNS
from bartizan.inspection.secrets import SECRET_PATTERNS
from bartizan.supplychain.datasets.interface import Place
from bartizan.supplychain.text.reading import Kind, Seen, look
from bartizan.supplychain.text.rules import HIDDEN

_APART = "\n\n\n"
_BATCH = 60_000
"""Characters of rows that are scanned together: a scan costs something to begin with."""
_OWN = "\u0e00-\u19ff\u3000-\u9fff\uac00-\ud7af"
"""Scripts of Asia that break lines with invisible characters."""
_UNSEEN = re.compile(
    f"(?<![{_OWN}])[\u200b\u2060-\u2064\u180e\u115f\u1160\u3164\uffa0](?![{_OWN}])"
    "|(?<=[A-Za-z])[\u200c\u200d](?=[A-Za-z])|(?<=.)\ufeff"
    "|[\U000e0000-\U000e007f]{2}|[\u202d\u202e]|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3}"
)
_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{2,6}\U000e007f")


def unseen_characters(text: str) -> str:
    """The first invisible or reordering character that no script or emoji needs there, as ``U+200B``; or nothing."""
    if text.isascii():
        return ""
    found = _UNSEEN.search(_FLAG.sub("", text))
    return f"U+{ord(found.group()[0]):04X}" if found else ""


def orders(text: str) -> Seen | None:
    """The first thing in a row that tells a model what to do, by the detectors of ``inspection``."""
    for seen in look(text, Kind.MATERIAL):
        if seen.rule is not HIDDEN:
            return seen
    return None


class RowScanner:
    """Finds credentials and personal data in many rows at little cost, and counts them by format and row."""

    def __init__(self) -> None:
        self.secrets: Counter[str] = Counter()
        """Rows by format."""
        self.personal: Counter[str] = Counter()
        self._texts: list[str] = []
        self._rows: list[Place] = []
        self._size = 0

    def add(self, row: Place, text: str) -> Iterator[tuple[bool, Place]]:
        """``(is a secret, row)`` for the rows with a find so far, once for each kind."""
        self._texts.append(text)
        self._rows.append(row)
        self._size += len(text)
        if self._size >= _BATCH:
            yield from self.flush()

    def flush(self) -> Iterator[tuple[bool, Place]]:
        """The same for what is still waiting."""
        joined = _APART.join(self._texts)
        starts, at = [], 0
        for text in self._texts:
            starts.append(at)
            at += len(text) + len(_APART)
        for scanner, counts, secret in ((_secrets(), self.secrets, True), (_people(), self.personal, False)):
            seen: set[tuple[str, Place]] = set()
            rows: set[Place] = set()
            for found in scanner.scan(joined):
                row = self._rows[bisect_right(starts, found.start) - 1]
                if (found.pattern.id, row) not in seen:
                    seen.add((found.pattern.id, row))
                    counts[found.pattern.id] += 1
                    rows.add(row)
            yield from ((secret, row) for row in sorted(rows))
        self._texts, self._rows, self._size = [], [], 0


def shown(counts: Counter[str]) -> str:
    """Formats with their numbers of rows, the most frequent first."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common(8))


@cache
def _secrets() -> PatternScanner:
    return PatternScanner(SECRET_PATTERNS)


@cache
def _people() -> PatternScanner:
    return PatternScanner(PERSONAL_DATA_PATTERNS)


def joined(cells: Sequence[str]) -> str:
    """All cells of a row as one text."""
    return "\n".join(cell for cell in cells if cell)
