"""What a thief asks: rows made without data, the thief's own rows, and rows that a first copy suggests.

Papers: F. Tramèr et al., USENIX Security 2016 (uniform and adaptive queries); N. Papernot et al., "Practical Black-Box
Attacks against Machine Learning", AsiaCCS 2017 (Jacobian augmentation); T. Orekondy, B. Schiele and M. Fritz, "Knockoff
Nets", CVPR 2019 (a bandit over the classes of the thief's pool); S. Pal et al., "ActiveThief", AAAI 2020 (uncertainty).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.losses import softmax


@dataclass(frozen=True, slots=True)
class Pool:
    """What a thief holds."""

    x: Floats
    """``(n, *shape)`` rows that look like what the model is for."""
    y: Labels
    """The thief's own sorting of them ``(n,)``; arms of the bandit, and nothing else."""
    low: Floats
    """Smallest legal value, broadcastable to ``shape``."""
    high: Floats
    """Largest."""

    def box(self) -> tuple[Floats, Floats]:
        """Finite bounds ``shape``: the legal ones, or those of the pool where there are none."""
        low, high = self.x.min(axis=0), self.x.max(axis=0)
        shape = self.x.shape[1:]
        legal_low, legal_high = np.broadcast_to(self.low, shape), np.broadcast_to(self.high, shape)
        return np.where(np.isfinite(legal_low), legal_low, low), np.where(np.isfinite(legal_high), legal_high, high)


def uniform(pool: Pool, count: int, rng: np.random.Generator) -> Floats:
    """Each feature drawn from its range: what is left to a thief who knows the shape alone."""
    low, high = pool.box()
    return rng.uniform(low, high, (count, *pool.x.shape[1:])).astype(pool.x.dtype)


def marginal(pool: Pool, count: int, rng: np.random.Generator) -> Floats:
    """Each feature from its own distribution, independent of the others."""
    flat = pool.x.reshape(len(pool.x), -1)
    rows = rng.integers(0, len(flat), (count, flat.shape[1]))
    return flat[rows, np.arange(flat.shape[1])].reshape(count, *pool.x.shape[1:])


def around(pool: Pool, count: int, rng: np.random.Generator, spread: float = 0.5) -> Floats:
    """Normal around the pool's mean, in general position: no feature constant, no row legal by luck alone.

    Args:
        pool: its mean, deviations and bounds.
        count: rows.
        rng: of the draw.
        spread: of the features' standard deviations; constant ones get a tenth of their range.
    """
    low, high = pool.box()
    width = np.where(high > low, high - low, 1.0)
    deviation = np.maximum(pool.x.std(axis=0), 0.1 * width)
    rows = pool.x.mean(axis=0) + spread * deviation * rng.standard_normal((count, *pool.x.shape[1:]))
    legal_low, legal_high = np.asarray(pool.low), np.asarray(pool.high)
    return np.clip(rows, legal_low, legal_high)


def uncertain(copy: ModelUnderTest, x: Floats, left: Labels, count: int) -> Labels:
    """Of the rows ``left`` (indices into ``x``) those between whose two best classes the copy decides least."""
    scores = np.sort(np.asarray(copy.predict_proba(x[left])), axis=1)
    return left[np.argsort(scores[:, -1] - scores[:, -2], kind="stable")[:count]]


class _LabelSlope:
    """Derivative of the logit of one class each: the rows of the Jacobian that augmentation follows."""

    def __init__(self, labels: Labels, classes: int) -> None:
        self._one_hot = np.eye(classes)[labels]

    def __call__(self, logits: Floats, /) -> Floats:
        return self._one_hot * np.ones_like(logits)


def jacobian(
    copy: ModelUnderTest, x: Floats, labels: Labels, step: float, pool: Pool, rng: np.random.Generator, count: int
) -> Floats:
    """New rows x ± step·sign(∂ copy_label(x) / ∂x), within bounds; a coin decides the sign of each.

    Args:
        copy: with gradients.
        x: rows asked before, ``(n, *shape)``.
        labels: the victim's answers to them.
        step: λ, in units of the features' ranges.
        pool: its bounds.
        rng: chooses which rows are augmented.
        count: new rows.
    """
    rows = rng.choice(len(x), count, replace=count > len(x))
    _, gradient = copy.loss_grad(x[rows], _LabelSlope(labels[rows], copy.classes))
    low, high = pool.box()
    signs = rng.choice(np.array([-1.0, 1.0]), (count, *([1] * (x.ndim - 1))))
    return np.clip(x[rows] + step * (high - low) * signs * np.sign(gradient), low, high).astype(x.dtype)


class Bandit:
    """Chooses which of the pool's groups to ask from; gradient bandit with the rewards certainty and diversity.

    Orekondy et al., section 4.2: an arm's preference grows with a reward above the running mean.
    """

    def __init__(self, groups: Labels, rng: np.random.Generator, rate: float = 0.5) -> None:
        self._arms, self._of = np.unique(groups, return_inverse=True)
        self._preference = np.zeros(len(self._arms))
        self._rng, self._rate = rng, rate
        self._rounds, self._mean_reward = 0, 0.0
        self._mean_scores: Floats | None = None

    def choose(self, left: Labels, count: int) -> Labels:
        """Of the rows ``left``, ``count`` by the arms' present chances; fewer if there are fewer."""
        chances = softmax(self._preference[None])[0]
        weights = chances[self._of[left]] / np.bincount(self._of[left], minlength=len(self._arms))[self._of[left]]
        return self._rng.choice(left, min(count, len(left)), replace=False, p=weights / weights.sum())

    def learn(self, rows: Labels, scores: Floats) -> None:
        """What the victim answered to ``rows``: certain answers, and classes seen seldom, are worth more."""
        ordered = np.sort(scores, axis=1)
        mean = scores.mean(axis=0) if self._mean_scores is None else self._mean_scores
        reward = (ordered[:, -1] - ordered[:, -2]) + np.maximum(scores - mean, 0).sum(axis=1)
        self._mean_scores = 0.9 * mean + 0.1 * scores.mean(axis=0)
        chances = softmax(self._preference[None])[0]
        for arm in np.unique(self._of[rows]):
            gain = float(reward[self._of[rows] == arm].mean())
            self._rounds += 1
            self._mean_reward += (gain - self._mean_reward) / self._rounds
            change = -self._rate * (gain - self._mean_reward) * chances
            change[arm] += self._rate * (gain - self._mean_reward)
            self._preference += change
