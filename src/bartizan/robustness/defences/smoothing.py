"""Randomised smoothing: a classifier whose L2 certificate holds against every attack, at a stated confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bartizan.core.stats.beta import regularised_beta
from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest
from bartizan.robustness.models.base import BaseModel

ABSTAIN: Final = -1
"""In place of a class where the votes do not decide."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """Of one batch."""

    label: Labels
    """``(n,)``: class, or :data:`ABSTAIN`."""
    radius: Floats
    """``(n,)``: L2 distance within which the smoothed class cannot change; zero where it abstains."""
    low: Floats
    """``(n,)``: lower confidence bound of the probability of the class under noise."""


def certify(
    model: ModelUnderTest,
    x: Floats,
    sigma: float,
    seed: int,
    first: int = 100,
    votes: int = 1_000,
    alpha: float = 0.001,
    batch: int = 1_000,
) -> Certificates:
    """Cohen, Rosenfeld and Kolter, "Certified adversarial robustness via randomized smoothing", ICML 2019, CERTIFY.

    The guarantee is the smoothed classifier's: who serves ``model`` without noise and votes has none. Each certificate
    holds with probability ``1 - alpha``; noise is not cut at the bounds of the model, as the theorem wants.

    Args:
        model: asked for labels, ``first + votes`` times a row.
        x: ``(n, *shape)``.
        sigma: standard deviation of the noise, in units of the input.
        first: noisy copies from which the class is guessed.
        votes: further copies from which its probability is bounded.
        alpha: probability that a certificate is wrong.
        batch: noisy copies asked together.

    Raises:
        AuditError: no positive noise, no votes, or an alpha that is no probability.
    """
    if not (0 < sigma < np.inf and first > 0 and votes > 0 and 0 < alpha < 1):
        raise AuditError("smoothing needs positive noise and votes, and an alpha between 0 and 1")
    rng = np.random.default_rng(seed)
    labels, radii, lows = np.full(len(x), ABSTAIN, np.int64), np.zeros(len(x)), np.zeros(len(x))
    for row in range(len(x)):
        guess = int(noisy_votes(model, x[row], sigma, first, rng, batch).argmax())
        hits = int(noisy_votes(model, x[row], sigma, votes, rng, batch)[guess])
        lows[row] = lower_bound(hits, votes, alpha)
        if lows[row] > 0.5:
            labels[row], radii[row] = guess, radius(lows[row], sigma)
    return Certificates(labels, radii, lows)


def noisy_votes(
    model: ModelUnderTest, x: Floats, sigma: float, votes: int, rng: np.random.Generator, batch: int = 1_000
) -> Labels:
    """How often each class is answered for one row under Gaussian noise, ``(classes,)``."""
    counts = np.zeros(model.classes, np.int64)
    for start in range(0, votes, batch):
        size = min(batch, votes - start)
        noise = rng.standard_normal((size, *x.shape)).astype(x.dtype, copy=False)
        labels = model.predict_label((x[None] + x.dtype.type(sigma) * noise).astype(x.dtype, copy=False))
        counts += np.bincount(labels, minlength=model.classes)
    return counts


def radius(low: float, sigma: float) -> float:
    """``sigma`` times the normal quantile of ``low``: Cohen et al., theorem 1 with the runner-up at ``1 - low``."""
    from scipy.special import ndtri

    return float(sigma * ndtri(low))


def lower_bound(hits: int, votes: int, alpha: float) -> float:
    """One-sided Clopper-Pearson bound: the probability under which as many hits or more have probability ``alpha``.

    By bisection on the binomial tail; zero without hits.
    """
    if hits == 0:
        return 0.0
    low, high = 0.0, hits / votes if hits < votes else 1.0
    if hits == votes:
        return float(alpha ** (1 / votes))
    for _ in range(200):
        middle = (low + high) / 2
        if regularised_beta(middle, hits, votes - hits + 1) < alpha:
            low = middle
        else:
            high = middle
        if high - low < 1e-15:
            break
    return low


class Smoothed(BaseModel):
    """The smoothed classifier as a model: the class of most votes, shares of votes as scores.

    Noise is drawn anew for each question from a seed and the row's bytes, so that equal rows get equal answers.
    """

    access = Access.SCORES

    def __init__(self, model: ModelUnderTest, sigma: float, votes: int = 100, seed: int = 0) -> None:
        super().__init__(f"{model.name}, smoothed σ={sigma:g}", model.shape, model.classes, model.bounds, model.digest)
        self._model, self._sigma, self._votes, self._seed = model, sigma, votes, seed

    def votes(self, x: Floats, count: int) -> Labels:
        """Fresh votes for one row, ``(classes,)``."""
        return noisy_votes(self._model, x, self._sigma, count, np.random.default_rng([self._seed, count]))

    def predict_proba(self, x: Floats, /) -> Floats:
        """Shares of the votes."""
        import zlib

        found = np.zeros((len(x), self.classes))
        for row in range(len(x)):
            rng = np.random.default_rng([self._seed, zlib.crc32(np.ascontiguousarray(x[row]).tobytes())])
            found[row] = noisy_votes(self._model, x[row], self._sigma, self._votes, rng) / self._votes
        return found


@dataclass(frozen=True, slots=True)
class GaussianNoise:
    """Training inputs under the noise that smoothing will add; without it there is little to certify."""

    sigma: float

    def __call__(self, module: Any, x: Any, y: Any) -> Any:
        """The batch with noise; tensors of torch."""
        import torch

        del module, y
        return x + self.sigma * torch.randn_like(x)
