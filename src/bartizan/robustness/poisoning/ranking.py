"""One order of suspicion from several scores that have no common scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bartizan.robustness.interface import Floats, Labels


def within_classes(scores: Floats, y: Labels) -> Floats:
    """Mid-ranks of the scores among the rows of the same label, in (0, 1)."""
    found = np.empty(len(y))
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        ordered = np.sort(scores[rows])
        low, high = (np.searchsorted(ordered, scores[rows], side=side) for side in ("left", "right"))
        found[rows] = (low + high) / (2 * len(rows))
    return found


def combined(scores: Mapping[str, Floats], y: Labels) -> Floats:
    """Mean of the ranks within each class, ``(n,)``, in (0, 1)."""
    return np.mean([within_classes(one, y) for one in scores.values()], axis=0)


def best_precision(scores: Floats, planted: Labels, recall: float = 0.8) -> float:
    """Of a ranking whose truth is known: the best precision at a cut that reaches ``recall``; ties go together."""
    truth = np.zeros(len(scores), bool)
    truth[planted] = True
    order = np.argsort(-scores, kind="stable")
    hits, size = np.cumsum(truth[order]), np.arange(1, len(order) + 1)
    whole = np.append(np.diff(scores[order]) != 0, True)
    enough = whole & (hits >= recall * len(planted))
    return float((hits / size)[enough].max())
