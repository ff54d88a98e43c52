"""Trains the first stage: logistic regression a head over hashed n-grams, quantised to int8."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from bartizan.inspection.classifier.linear import WINDOW
from bartizan.inspection.classifier.ngrams import BUCKETS, features, fold
from training.rows import Row

LEVELS = 127


def fit(rows: Sequence[Row], target: Path, seed: int, heads: int = 2, strength: float = 3e-6) -> None:
    """Write ``linear.npz``: heads ``user`` and ``content``, each from the rows of its surface."""
    rng = random.Random(seed)
    pieces = [_piece(row, rng) for row in rows]
    matrix = vectors([text for text, _ in pieces])
    labels = np.array([label for _, label in pieces])
    weights = np.zeros((heads, BUCKETS), np.float32)
    biases = np.zeros(heads, np.float32)
    for head, other in enumerate(("content", "user")):
        chosen = np.array([row.surface != other for row in rows])
        model = SGDClassifier(
            loss="log_loss",
            alpha=strength,
            max_iter=8,
            tol=None,
            random_state=seed,
            average=True,
            class_weight="balanced",
        )
        model.fit(matrix[chosen], labels[chosen])
        weights[head] = model.coef_[0]
        biases[head] = model.intercept_[0]
    scales = np.array([np.quantile(np.abs(row[row != 0]), 0.9999) / LEVELS for row in weights], np.float32)
    quantised = np.clip(np.round(weights / scales[:, None]), -LEVELS, LEVELS).astype(np.int8)
    np.savez_compressed(target, weights=quantised, scales=scales, biases=biases)


def vectors(texts: Sequence[str]) -> csr_matrix:
    """[texts, buckets]: counts over the square root of their number, as the product computes them."""
    places: list[NDArray[np.int32]] = []
    values: list[NDArray[np.float32]] = []
    ends = [0]
    for text in texts:
        buckets = [kind for kind in features(fold(text)).buckets if len(kind)]
        found, counts = np.unique(np.concatenate(buckets), return_counts=True) if buckets else (np.zeros(0, int),) * 2
        places.append(found.astype(np.int32))
        values.append((counts / np.sqrt(max(counts.sum(), 1))).astype(np.float32))
        ends.append(ends[-1] + len(found))
    data = (np.concatenate(values), np.concatenate(places), np.array(ends))
    return csr_matrix(data, shape=(len(texts), BUCKETS))


def _piece(row: Row, rng: random.Random) -> tuple[str, int]:
    """A window of the row as the first stage will see it: around the attack where its place is known."""
    text = row.text
    if len(text) <= WINDOW + WINDOW // 2:
        return text, row.attack
    start = rng.randint(0, len(text) - WINDOW)
    if row.spans:
        first, last = rng.choice(row.spans)
        lowest = max(0, min(last - WINDOW, len(text) - WINDOW))
        start = rng.randint(min(lowest, first), max(min(first, len(text) - WINDOW), min(lowest, first)))
    return text[start : start + WINDOW], row.attack
