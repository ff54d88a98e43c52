"""Classical text classifiers, weighted words and a list of words: what others are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.evasion.text import Score


class Fold(NamedTuple):
    """A classifier, and texts that it was not fitted to."""

    score: Score
    """Probability of the class ``True``."""
    attacks: list[str]
    harmless: list[str]


def folds(texts: Sequence[str], labels: Sequence[bool], seed: int = 0) -> list[Fold]:
    """Two classifiers, each fitted to half of the texts, with the other half: together they score every text once.

    Words and pairs of words, TF-IDF.

    Raises:
        UnusableDataError: a half has one class.
    """
    order = np.random.default_rng(seed).permutation(len(texts))
    halves = [order[::2], order[1::2]]
    return [
        Fold(
            _fitted([texts[row] for row in learned], [bool(labels[row]) for row in learned]),
            [texts[row] for row in left if labels[row]],
            [texts[row] for row in left if not labels[row]],
        )
        for learned, left in (halves, halves[::-1])
    ]


def keywords(texts: Sequence[str], labels: Sequence[bool], count: int = 3) -> Score:
    """A classifier known to be weak: a text is of the class ``True`` as soon as one of a few long words stands in it,
    those whose share of texts differs most between the classes.

    Raises:
        UnusableDataError: one class.
    """
    if len(set(labels)) < 2:
        raise UnusableDataError("all texts have one class: a list of words needs both")
    found: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for text, label in zip(texts, labels, strict=True):
        found[label].update(_words(text))
    yes, no = sum(labels), len(labels) - sum(labels)
    long = [word for word in found[True] if len(word) > 3 and word.isalpha()]
    ranked = sorted(long, key=lambda word: (found[False][word] / no - found[True][word] / yes, word))
    listed = frozenset(ranked[:count])
    return lambda text: 1 - 0.5 ** len(listed & _words(text))


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip(".,;:!?\"'()[]").lower() for word in text.split())


def _fitted(texts: Sequence[str], labels: Sequence[bool]) -> Score:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if len(set(labels)) < 2:
        raise UnusableDataError("half of the texts have one class: a classifier needs both")
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    fitted: Any = make_pipeline(vectors, LogisticRegression(C=10, max_iter=500, class_weight="balanced"))
    fitted.fit(texts, labels)

    def score(text: str) -> float:
        return float(fitted.predict_proba([text])[0, 1])

    return score
