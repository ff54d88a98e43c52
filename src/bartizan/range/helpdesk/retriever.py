"""Okapi BM25 over a handful of short articles (Robertson and Zaragoza, 2009, with k1 = 1.2 and b = 0.75)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import msgspec

_K1 = 1.2
_B = 0.75
_MAX_QUERY = 4_000
_STOP_WORDS = """a an and are as at be by can do does for from have how i if in is it me my not of on or our please that
the this to was we what when where which who why will with would you your"""
_STOP = frozenset(_STOP_WORDS.split())


class Article(msgspec.Struct, frozen=True):
    """One text of the knowledge base."""

    id: str
    title: str
    text: str


class Retriever:
    """Ranks articles against a question."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._articles = tuple(articles)
        self._counts = [Counter(_words(f"{article.title} {article.text}")) for article in self._articles]
        self._lengths = [counts.total() for counts in self._counts]
        self._mean = sum(self._lengths) / max(1, len(self._lengths)) or 1.0
        containing = Counter(word for counts in self._counts for word in counts)
        total = len(self._articles)
        self._idf = {word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in containing.items()}

    def search(self, question: str, limit: int = 1, at_least: float = 3.0) -> list[tuple[Article, float]]:
        """The best ``limit`` articles whose score reaches ``at_least``, best first; ties go to the earlier one."""
        wanted = set(_words(question[:_MAX_QUERY]))
        scored = [(self._score(index, wanted), -index) for index in range(len(self._articles))]
        scored.sort(reverse=True)
        return [(self._articles[-place], score) for score, place in scored[:limit] if score >= at_least]

    def _score(self, index: int, wanted: set[str]) -> float:
        counts = self._counts[index]
        norm = _K1 * (1 - _B + _B * self._lengths[index] / self._mean)
        return sum(
            self._idf[word] * counts[word] * (_K1 + 1) / (counts[word] + norm) for word in wanted if word in counts
        )


def _words(text: str) -> list[str]:
    spaced = "".join(character if character.isalnum() else " " for character in text.casefold())
    return [_stem(word) for word in spaced.split() if word not in _STOP]


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            return word[: -len(ending)]
    return word
