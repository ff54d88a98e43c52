"""Models that are weak by construction, for positive controls at radii where honest weak models hold."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Access, AuditContext, Floats, Labels, ModelUnderTest
from bartizan.robustness.models.base import BaseModel
from bartizan.robustness.models.sklearn import DenseModel


def brittle(context: AuditContext) -> ModelUnderTest:
    """Two classes, split at the median along the direction in which the test rows differ least.

    Where the rows hardly differ, hardly any change is needed: the direction is the last principal component with any
    spread. The other classes of the model under test are there and never chosen.

    Raises:
        AuditError: the rows do not differ at all.
    """
    flat = context.data.test.x[:2_000].reshape(min(len(context.data.test), 2_000), -1).astype(np.float64)
    centre = flat.mean(axis=0)
    _, spread, ways = np.linalg.svd(flat - centre, full_matrices=False)
    shown = np.flatnonzero(spread > 1e-6 * spread[0]) if len(spread) and spread[0] > 0 else np.array([], int)
    if not len(shown):
        raise AuditError("the rows do not differ, so no positive control can be made of them")
    way = ways[shown[-1]]
    score = (flat - centre) @ way
    scale = 1 / max(float(score.std()), 1e-12)  # scores of a size at which softmax does not saturate
    cut = float(np.median(score)) + float(centre @ way)
    classes = context.model.classes
    weights, biases = np.zeros((way.size, classes)), np.full(classes, -1.0 - scale * float(np.abs(score).max()))
    weights[:, 0], weights[:, 1] = -scale * way, scale * way
    biases[0], biases[1] = scale * cut, -scale * cut
    name = "a linear model along the direction in which the rows differ least"
    return DenseModel([weights], [biases], "identity", context.model.shape, context.model.bounds, name)


class Stripes(BaseModel):
    """Two classes in stripes of one width across a random direction: a change by the width turns every row.

    Args:
        like: its shape, classes and bounds.
        width: in L2.
        seed: of the direction.
    """

    access = Access.SCORES

    def __init__(self, like: ModelUnderTest, width: float, seed: int = 0) -> None:
        super().__init__(f"stripes {width:g} wide", like.shape, like.classes, like.bounds)
        way = np.random.default_rng(seed).standard_normal(int(np.prod(like.shape)))
        self._way, self._width = way / np.linalg.norm(way), width

    def predict_label(self, x: Floats, /) -> Labels:
        """The parity of the stripe."""
        stripe = np.floor(x.reshape(len(x), -1).astype(np.float64) @ self._way / self._width)
        return (stripe % 2).astype(np.int64)

    def predict_proba(self, x: Floats, /) -> Floats:
        """All on that class."""
        return np.eye(self.classes)[self.predict_label(x)]
