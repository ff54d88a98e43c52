"""Membership from labels alone: the model is right about rows that it knows, and stays right when they are disturbed.

C. A. Choquette-Choo, F. Tramèr, N. Carlini, N. Papernot, "Label-Only Membership Inference Attacks", ICML 2021: the gap
attack (right or wrong), and robustness to noise in place of the distance to the boundary. This is what output limits
that keep the label cannot take away.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest

SCALES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Noise in standard deviations of the features."""


class Steadiness:
    """Share of noisy copies whose label is right, over noises from small to large; plus whether the row itself is.

    Args:
        copies: queries a row and scale.
        seed: of the noise; the same rows get the same noise from every model.
        scales: in standard deviations of all features of the rows asked about.
    """

    def __init__(self, copies: int = 8, seed: int = 0, scales: tuple[float, ...] = SCALES) -> None:
        self._copies, self._seed, self._scales = copies, seed, scales

    @property
    def queries(self) -> int:
        """A row."""
        return 1 + self._copies * len(self._scales)

    def __call__(self, model: ModelUnderTest, x: Floats, y: Labels) -> Floats:
        """``(n,)``, from 0 to 2."""
        low, high = model.bounds
        rng = np.random.default_rng(self._seed)
        spread = float(x.std())
        right = np.zeros(len(y))
        for scale in self._scales:
            for _ in range(self._copies):
                noisy = x + scale * spread * rng.normal(size=x.shape).astype(x.dtype)
                right += model.predict_label(np.clip(noisy, low, high).astype(x.dtype)) == y
        found: Floats = (model.predict_label(x) == y) + right / (self._copies * len(self._scales))
        return found


def correct(model: ModelUnderTest, x: Floats, y: Labels) -> Floats:
    """The gap attack: right is a member."""
    return (model.predict_label(x) == y).astype(np.float64)


def calibrated(target: Floats, shadows: Floats, keep: np.ndarray) -> Floats:
    """Scores less what models answer that never saw the row: easy rows are no members for being easy.

    After L. Watson et al., "On the Importance of Difficulty Calibration in Membership Inference Attacks", ICLR 2022.
    """
    found: Floats = target - (shadows * ~keep).sum(axis=0) / np.maximum((~keep).sum(axis=0), 1)
    return found
