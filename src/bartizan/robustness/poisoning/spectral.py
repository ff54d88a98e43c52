"""Spectral signatures (Tran et al. 2018): poisoned rows lie far out along one direction of their class's features."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats, Labels


def spectral_scores(features: Floats, y: Labels) -> Floats:
    """Squared projection of each row on the first singular vector of its class's centred features, divided by the
    class's mean, ``(n,)``. The paper removes the 1.5 times as many rows as it fears are poisoned.

    Args:
        features: ``(n, width)``, of the model trained on the suspected rows.
        y: their labels, ``(n,)``.
    """
    found = np.zeros(len(y))
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        centred = features[rows].astype(float) - features[rows].mean(0)
        # The leading eigenvector of a matrix as wide as the features, however many rows there are.
        _, vectors = np.linalg.eigh(centred.T @ centred)
        squares = (centred @ vectors[:, -1]) ** 2
        found[rows] = squares / max(float(squares.mean()), 1e-12)
    return found
