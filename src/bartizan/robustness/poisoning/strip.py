"""STRIP (Gao et al. 2019): at run time, an input whose answer survives mixing with other inputs carries a trigger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, ModelUnderTest

OVERLAYS = 16
"""Mixtures of each input."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A detector for one model, calibrated on benign inputs."""

    model: ModelUnderTest
    overlays: Floats
    """Benign rows that are mixed in, ``(n, *shape)``."""
    threshold: float
    """Entropy in nats at which, or below which, an input is flagged."""
    fpr: float
    """Share of benign inputs that it may flag."""

    @classmethod
    def calibrated(cls, model: ModelUnderTest, benign: Floats, fpr: float, seed: int) -> Strip:
        """With the threshold that flags at most ``fpr`` of inputs like the benign ones (a rank among them, as split
        conformal prediction has it).

        Args:
            model: with scores.
            benign: rows of one's own traffic without triggers, ``(n, *shape)``; a fifth, 100 at most, is mixed in.
            fpr: in (0, 1).
            seed: which rows are mixed in.

        Raises:
            UnusableDataError: too few rows for so small a share.
        """
        order = np.random.default_rng(seed).permutation(len(benign))
        mixed = max(OVERLAYS, min(100, len(benign) // 5))
        rest = benign[order[mixed:]]
        rank = int(fpr * (len(rest) + 1))
        if rank < 1 or not 0 < fpr < 1:
            raise UnusableDataError(f"{len(rest)} benign rows cannot carry a false-positive rate of {fpr:g}")
        bare = cls(model, benign[order[:mixed]], -np.inf, fpr)
        return cls(model, bare.overlays, float(np.sort(bare.entropies(rest))[rank - 1]), fpr)

    def entropies(self, x: Floats) -> Floats:
        """Mean entropy of the answers to mixtures of each row with benign rows, half and half, ``(n,)``, in nats. Which
        rows are mixed in depends on the row's place alone, so that an answer repeats."""
        found = np.zeros(len(x))
        for number in range(OVERLAYS):
            partner = self.overlays[(np.arange(len(x)) * 7 + number * 13) % len(self.overlays)]
            scores = self.model.predict_proba((0.5 * x + 0.5 * partner).astype(x.dtype))
            found -= (scores * np.log(np.maximum(scores, 1e-12))).sum(1)
        return found / OVERLAYS

    def flags(self, x: Floats) -> np.ndarray:
        """Which rows carry a trigger, as far as STRIP can tell, ``(n,)`` of bool."""
        return np.asarray(self.entropies(x) <= self.threshold)
