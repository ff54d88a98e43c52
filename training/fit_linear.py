"""Trains the first stage: logistic regression a head over hashed n-grams, quantised to int8."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from bartizan.inspection.classifier.linear import WINDOW
from bartizan.inspection.classifier.ngrams import BUCKETS, features, fold
from training.rows import Row

LEVELS = 127
PIECES = (WINDOW, 150)
"""Characters that each head judges at once: a request as it is, of material a sentence or two."""
MOST_PIECES = 3


def fit(rows: Sequence[Row], target: Path, seed: int, strength: float = 3e-6) -> None:
    """Write ``linear.npz``: heads ``user`` and ``content``, each from the rows of its surface."""
    rng = random.Random(seed)
    weights = np.zeros((len(PIECES), BUCKETS), np.float32)
    biases = np.zeros(len(PIECES), np.float32)
    for head, (other, size) in enumerate(zip(("content", "user"), PIECES, strict=True)):
        pieces = [piece for row in rows if row.surface != other for piece in _pieces(row, size, rng)]
        weights[head], biases[head] = learn(pieces, seed, strength)
    write(target, weights, biases, PIECES)


def learn(pieces: Sequence[tuple[str, int]], seed: int, strength: float = 3e-6) -> tuple[NDArray[np.float32], float]:
    """Weights by bucket, and the bias, of one head."""
    model = SGDClassifier(
        loss="log_loss",
        alpha=strength,
        max_iter=8,
        tol=None,
        random_state=seed,
        average=True,
        class_weight="balanced",
    )
    model.fit(vectors([text for text, _ in pieces]), np.array([label for _, label in pieces]))
    return model.coef_[0], float(model.intercept_[0])


def write(target: Path, weights: NDArray[np.float32], biases: NDArray[np.float32], pieces: Sequence[int]) -> None:
    """Quantise [heads, buckets] and write them, with the characters that each head judges at once."""
    scales = np.array([np.quantile(np.abs(row[row != 0]), 0.9999) / LEVELS for row in weights], np.float32)
    quantised = np.clip(np.round(weights / scales[:, None]), -LEVELS, LEVELS).astype(np.int8)
    np.savez_compressed(target, weights=quantised, scales=scales, biases=biases, pieces=np.array(pieces, np.float32))


def graft(earlier: Path, target: Path, heads: Sequence[int]) -> None:
    """Put these heads of an earlier ``linear.npz`` into ``target``."""
    old, new = np.load(earlier), dict(np.load(target))
    for head in heads:
        for name in ("weights", "scales", "biases"):
            new[name][head] = old[name][head]
        new["pieces"][head] = old["pieces"][head] if "pieces" in old else WINDOW
    np.savez_compressed(target, **new)


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


def _pieces(row: Row, size: int, rng: random.Random) -> Iterator[tuple[str, int]]:
    """Pieces of the row as the first stage will see them: of an attack whose place is known one around it and one that
    does not touch it, of anything else up to three."""
    text = row.text
    last = len(text) - size
    if last <= size // 2:
        yield text, row.attack
    elif row.attack and row.spans:
        begin, end = rng.choice(row.spans)
        lowest, highest = sorted((max(0, min(end - size, last)), min(begin, last)))
        start = rng.randint(lowest, highest)
        yield text[start : start + size], 1
        start = rng.randint(0, last)
        if all(start + size <= begin or start >= end for begin, end in row.spans):
            yield text[start : start + size], 0
    else:
        for _ in range(1 if row.attack else min(MOST_PIECES, len(text) // size)):
            start = rng.randint(0, last)
            yield text[start : start + size], row.attack
