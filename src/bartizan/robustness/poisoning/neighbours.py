"""Neighbours (after Peri et al. 2020, Deep k-NN defence): a row whose like have other labels."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats, Labels

_CHUNK = 1_000


def neighbour_scores(
    features: Floats, y: Labels, trusted: Floats, trusted_y: Labels, count: int = 10, width: int = 32
) -> Floats:
    """Share of a row's nearest trusted rows that have another label, ``(n,)``.

    Args:
        features: of the suspected rows, ``(n, …)``: inputs, or features of a model of trusted rows.
        y: their labels.
        trusted: the same of trusted rows.
        trusted_y: their labels.
        count: neighbours asked.
        width: principal components of the trusted rows in which distances are measured.
    """
    base = trusted.reshape(len(trusted), -1).astype(float)
    mean = base.mean(0)
    _, vectors = np.linalg.eigh((base - mean).T @ (base - mean))
    turn = vectors[:, -width:]
    base = (base - mean) @ turn
    asked = (features.reshape(len(features), -1) - mean) @ turn
    count = min(count, len(base))
    found = np.empty(len(y))
    norms = (base**2).sum(1)
    for start in range(0, len(y), _CHUNK):
        part = slice(start, start + _CHUNK)
        distances = norms - 2 * asked[part] @ base.T
        nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
        found[part] = (trusted_y[nearest] != y[part, None]).mean(1)
    return found
