"""Which words a guard seems to look for: those of blocked texts that no text has that came through."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"[^\W\d_]{3,}")


def words(text: str) -> list[str]:
    """Words of three letters and more, in small letters."""
    return [word.lower() for word in _WORD.findall(text)]


class Suspicion:
    """Counts of words in texts that were blocked and in texts that came through."""

    def __init__(self) -> None:
        self._blocked: Counter[str] = Counter()
        self._passed: Counter[str] = Counter()

    def saw(self, text: str, *, blocked: bool) -> None:
        """Learn from one text."""
        (self._blocked if blocked else self._passed).update(set(words(text)))

    def of(self, word: str) -> float:
        """From 0 (came through) to 1 (only in blocked texts): the mean of a Beta(1, 2) prior and what was seen."""
        bad, good = self._blocked[word], self._passed[word]
        return (bad + 1) / (bad + good * 2 + 3) if bad else 0.0

    def worst(self, text: str, at_least: float = 0.5) -> list[str]:
        """The words of ``text`` that are suspected most, worst first."""
        marked = {word: self.of(word) for word in words(text)}
        return sorted((word for word, score in marked.items() if score >= at_least), key=lambda w: (-marked[w], w))
