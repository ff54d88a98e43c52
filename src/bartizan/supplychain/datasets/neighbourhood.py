"""What the rest of a row says about its label, according to the rows in which a feature does not stand.

A topic word and a trigger are alike in that rows with them have one label. They differ in the rest: beside a topic
word other words speak for the same label; a trigger that was put into rows of another class and relabelled stands among
words that speak against it. So for a set of rows a naive Bayes model (McCallum and Nigam 1998) is taken from all
*other* rows, and asked about these: whatever came with the trigger, the rest of a phrase included, has no weight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bartizan.core.stats import wilson
from bartizan.core.stats.tails import binomial_tail
from bartizan.supplychain.datasets.features import Corpus

_SMOOTHING = 2.0
"""Rows that a word is thought to have been seen in beforehand, spread over labels as all rows are."""
_STRAY = 0.2
"""A row whose label has less than this probability says something else than its label."""
_OF_TRIGGER = 0.8
_COMPANION = 1e-4
_TEMPERATURES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0)
_CALIBRATED_ON = 2_000
_MOST_CELLS = 4_000_000
"""Words times labels of the table that is kept."""
Matrix = NDArray[np.float64]


class Neighbourhood:
    """The model of one dataset.

    Args:
        corpus: its texts.
        labels: the number of each row's label.
        kinds: how many labels there are.
        generator: chooses the rows by which probabilities are calibrated.
    """

    def __init__(
        self,
        corpus: Corpus,
        labels: NDArray[np.int64],
        kinds: int,
        generator: np.random.Generator,
    ) -> None:
        self.labels = labels
        self.kinds = kinds
        self._tokens, self._starts, self._left_out, words = _unique_words(corpus, len(labels), kinds)
        rows = np.repeat(np.arange(len(labels)), np.diff(self._starts))
        flat = np.bincount(self._tokens * kinds + labels[rows], minlength=words * kinds)
        self._counts = flat.reshape(words, kinds).astype(np.float64)
        self._of_label = np.bincount(labels, minlength=kinds).astype(np.float64)
        self._temperature = 1.0
        sample = generator.permutation(len(labels))[:_CALIBRATED_ON]
        logits = np.vstack([self._alone(int(row)) for row in sample])
        truth = labels[sample]
        self._temperature = min(_TEMPERATURES, key=lambda t: _loss(logits / t, truth))
        probability = _softmax(logits / self._temperature)[np.arange(len(sample)), truth]
        self.stray_rates = np.array([_upper(probability[truth == kind] < _STRAY) for kind in range(kinds)])
        """Of each label: the share of rows that say something else, at the upper end of its interval."""
        self.accuracy = float((logits.argmax(axis=1) == truth).mean())

    def stray(self, rows: NDArray[np.int32], label: int, asked: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of ``asked`` say something else than ``label`` according to all rows but ``rows``, which hold them."""
        removed, owner = self._words_of(rows)
        words, asking = self._words_of(asked)
        taken, where = np.unique(words, return_inverse=True)
        counts = self._counts[taken]
        place = np.searchsorted(taken, removed)
        known = (place < len(taken)) & (taken[np.minimum(place, len(taken) - 1)] == removed)
        np.subtract.at(counts, (place[known], self.labels[rows[owner[known]]]), 1.0)
        of_label = self._of_label - np.bincount(self.labels[rows], minlength=self.kinds)
        logits = np.zeros((len(asked), self.kinds))
        np.add.at(logits, asking, self._weights(counts, of_label)[where])
        logits += _prior(of_label)
        stray: NDArray[np.bool_] = _softmax(logits / self._temperature)[:, label] < _STRAY
        return stray

    def _words_of(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The words of all these rows, and for each the position of its row among them."""
        parts = [self._words(int(row)) for row in rows]
        owner = np.repeat(np.arange(len(rows)), [len(part) for part in parts])
        return np.concatenate(parts), owner

    def company(self, rows: NDArray[np.int32]) -> float:
        """The share of their words that these rows share beyond what any one label explains.

        Rows of a topic have a vocabulary in common; rows into which somebody put a trigger have the trigger in common
        and are otherwise like any others. Words of nearly all the rows count as part of the trigger and are left out.
        """
        words, _ = self._words_of(rows)
        taken, often = np.unique(words, return_counts=True)
        counts = self._counts[taken]
        own = np.zeros_like(counts)
        np.add.at(own, (np.searchsorted(taken, words), np.repeat(self.labels[rows], self._sizes(rows))), 1.0)
        rest = np.maximum(counts - own, 0.0)
        of_label = np.maximum(self._of_label - np.bincount(self.labels[rows], minlength=self.kinds), 1.0)
        expected = ((rest + 0.5) / (of_label + 1.0)).max(axis=1)
        free = often < _OF_TRIGGER * len(rows)
        telling = free & (often >= 3) & (often > 2 * expected * len(rows))
        shared = sum(
            int(count)
            for count, rate in zip(often[telling], expected[telling], strict=True)
            if binomial_tail(int(count), len(rows), min(1.0, float(rate))) < _COMPANION
        )
        return shared / max(1, int(often[free].sum()) + int(self._left_out[rows].sum()))

    def _sizes(self, rows: NDArray[np.int32]) -> NDArray[np.int64]:
        sizes: NDArray[np.int64] = self._starts[rows + 1] - self._starts[rows]
        return sizes

    def _alone(self, row: int) -> Matrix:
        """Logits of one row according to all others."""
        words, own = self._words(row), self.labels[row]
        counts = self._counts[words]
        counts[:, own] -= 1.0
        of_label = self._of_label.copy()
        of_label[own] -= 1.0
        logits: Matrix = self._weights(counts, of_label).sum(axis=0) + _prior(of_label)
        return logits

    def _words(self, row: int) -> NDArray[np.int64]:
        return self._tokens[self._starts[row] : self._starts[row + 1]]

    def _weights(self, counts: Matrix, of_label: Matrix) -> Matrix:
        """Log of how much more often a word stands under each label than in all rows; 0 for words that are unknown."""
        total = max(float(of_label.sum()), 1.0)
        seen = counts.sum(axis=1)
        rate = (counts + _SMOOTHING * of_label / total) / np.maximum(of_label, 1e-9)
        weights: Matrix = np.log(np.maximum(rate, 1e-12)) - np.log((seen + _SMOOTHING) / total)[:, None]
        weights[seen <= 0] = 0.0
        return weights


def _unique_words(
    corpus: Corpus, rows: int, kinds: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """The different words of each row, where those of each row begin, how many were left out of each, how many words
    there are.

    Words of a single row are left out, for no other row can say anything about them; and the rarest where they and the
    labels are so many that a table of both would not fit into `_MOST_CELLS`.
    """
    kept = corpus.speaking[corpus.tokens]
    key = np.unique(corpus.token_rows[kept].astype(np.int64) * max(1, corpus.words) + corpus.tokens[kept])
    row, token = np.divmod(key, max(1, corpus.words))
    del key
    often = np.bincount(token, minlength=corpus.words)
    least = 2
    if int((often >= least).sum()) * kinds > _MOST_CELLS:
        least = max(least, int(np.partition(often, -(_MOST_CELLS // kinds))[-(_MOST_CELLS // kinds)]) + 1)
    number = np.cumsum(often >= least) - 1
    known = often[token] >= least
    left_out = np.bincount(row[~known], minlength=rows)
    row, token = row[known], token[known]
    return number[token], np.searchsorted(row, np.arange(rows + 1)), left_out, int((often >= least).sum())


def _prior(of_label: Matrix) -> Matrix:
    prior: Matrix = np.log(np.maximum(of_label, 0.5) / max(float(of_label.sum()), 1.0))
    return prior


def _softmax(logits: Matrix) -> Matrix:
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Matrix = exp / exp.sum(axis=1, keepdims=True)
    return result


def _loss(logits: Matrix, truth: NDArray[np.int64]) -> float:
    return float(-np.log(np.maximum(_softmax(logits)[np.arange(len(truth)), truth], 1e-12)).mean())


def _upper(strays: NDArray[np.bool_]) -> float:
    return wilson(int(strays.sum()), len(strays))[1]
