"""Membership without other models: is the model surer of a row than of its neighbours?

J. Mattern et al., "Membership Inference Attacks against Language Models via Neighbourhood Comparison", ACL Findings
2023, carried over to classifiers: the row's own difficulty is estimated from noisy copies instead of shadow models.
"""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.privacy.signals import confidence


class Neighbours:
    """Confidence in a row less the mean over its noisy copies.

    Args:
        copies: queries a row.
        scale: of the noise in standard deviations of the features.
        seed: of the noise.
    """

    def __init__(self, copies: int = 8, scale: float = 0.2, seed: int = 0) -> None:
        self._copies, self._scale, self._seed = copies, scale, seed

    def __call__(self, model: ModelUnderTest, x: Floats, y: Labels) -> Floats:
        """``(n,)``"""
        low, high = model.bounds
        rng = np.random.default_rng(self._seed)
        around = np.zeros(len(y))
        for _ in range(self._copies):
            noisy = x + self._scale * float(x.std()) * rng.normal(size=x.shape).astype(x.dtype)
            around += confidence(model, np.clip(noisy, low, high).astype(x.dtype), y)
        return confidence(model, x, y) - around / self._copies
