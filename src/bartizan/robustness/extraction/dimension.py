"""The width of the last hidden layer, from the rank of the scores.

Logits are W·h(x) + b with W of (classes, width): however many rows are asked, centred logits span at most ``width``
directions. Papers: N. Carlini et al., "Stealing Part of a Production Language Model", ICML 2024; M. Finlayson, X. Ren
and S. Swayamdipta, "Logits of API-Protected LLMs Leak Proprietary Information", COLM 2024.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Floats, ModelUnderTest


@dataclass(frozen=True, slots=True)
class Spectrum:
    """What the scores span."""

    values: Floats
    """Singular values, largest first, ``(min(n, classes),)``; those past ``most`` are of centring alone."""
    rank: int
    """Directions before the largest fall; ``most`` where there is no fall."""
    gap: float
    """Factor between the last value that counts and the next."""
    most: int
    """The largest rank that this many rows and classes can show."""
    basis: Floats
    """``(rank, classes)``: the output layer up to an invertible map of the hidden one."""

    @property
    def found(self) -> bool:
        """True where the rank is smaller than what rows and classes allow: then it is the layer's width."""
        return self.rank < self.most


def spectrum(model: ModelUnderTest, x: Floats, smallest_gap: float = 30.0) -> Spectrum:
    """Singular values of the centred logarithms of the scores.

    Args:
        model: asked for probabilities once for each row; scores of zero are left out with their row.
        x: ``(n, *shape)``, more rows than the width that is looked for.
        smallest_gap: a fall by less than this factor is none.

    Raises:
        AuditError: fewer than 4 classes, or fewer than 4 rows whose scores are all above zero.
    """
    if model.classes < 4:
        raise AuditError(f"{model.classes} classes span {model.classes - 1} directions: no width can show")
    scores = np.asarray(model.predict_proba(x), np.float64)
    logs = np.log(scores[(scores > 0).all(axis=1)])
    if len(logs) < 4:
        raise AuditError(f"{len(logs)} rows have a score for each class, at least 4 are needed")
    # Less each row's mean: softmax adds a constant to all classes. Less each column's: the bias.
    centred = logs - logs.mean(axis=1, keepdims=True)
    centred = centred - centred.mean(axis=0)
    _, values, right = np.linalg.svd(centred, full_matrices=False)
    most = min(len(logs) - 1, model.classes - 1)
    floor = values[0] * max(centred.shape) * np.finfo(np.float64).eps
    kept = np.maximum(values[:most], floor)
    falls = kept[:-1] / kept[1:]
    place = int(falls.argmax()) if len(falls) else 0
    if not len(falls) or falls[place] < smallest_gap:
        return Spectrum(values, most, 1.0, most, right[:most])
    return Spectrum(values, place + 1, float(falls[place]), most, right[: place + 1])


def unexplained(found: Spectrum, model: ModelUnderTest, x: Floats) -> float:
    """Share of the variance of other rows' scores that lies outside the stolen layer's span, in [0, 1]."""
    scores = np.asarray(model.predict_proba(x), np.float64)
    logs = np.log(scores[(scores > 0).all(axis=1)])
    if len(logs) < 2:
        raise AuditError("no two other rows have a score for each class")
    centred = logs - logs.mean(axis=1, keepdims=True)
    centred = centred - centred.mean(axis=0)
    rest = centred - centred @ found.basis.T @ found.basis
    return float((rest**2).sum() / max((centred**2).sum(), np.finfo(np.float64).tiny))
