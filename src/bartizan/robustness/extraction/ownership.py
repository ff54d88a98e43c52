"""Is a suspect model a copy of mine? Tests that give a p-value: how often an independent model would match as well."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bartizan.core.stats.tails import binomial_tail, student_tail
from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest


@dataclass(frozen=True, slots=True)
class Claim:
    """What a suspect showed."""

    matches: int
    n: int
    expected: float
    """Share that independent models match: at most, for secret labels; on average, for a fingerprint."""
    p_value: float
    """Chance that an independent model matches as often or more often."""

    def stands(self, level: float = 1e-3) -> bool:
        """True if the p-value is at most ``level``, the rate of false claims."""
        return self.p_value <= level


@dataclass(frozen=True, slots=True)
class SecretLabels:
    """Rows with wrong labels that a key drew, each other class being as likely: a trigger set, or keyed answers.

    The test is exact for every suspect that was made without the labels: whatever it answers, a label drawn among the
    ``classes - 1`` wrong ones is met with at most that chance, row by row independently.
    """

    x: Floats
    """``(n, *shape)``"""
    labels: Labels
    """``(n,)``"""
    classes: int

    @property
    def commitment(self) -> str:
        """``sha256:…`` of rows and labels. Deposit it before the model is shown to anybody: labels that are chosen when
        the suspect is known prove nothing."""
        found = hashlib.sha256(f"{self.x.dtype}:{self.x.shape}:{self.classes}\n".encode())
        found.update(np.ascontiguousarray(self.x).tobytes() + self.labels.astype("<i8").tobytes())
        return f"sha256:{found.hexdigest()}"

    def claim(self, suspect: ModelUnderTest) -> Claim:
        """Asks the suspect for labels alone, ``n`` rows. Raises AuditError without rows or with two classes."""
        if not len(self.labels) or self.classes < 3:
            raise AuditError("secret labels need rows, and three classes: of two, every mistake matches")
        matches = int((suspect.predict_label(self.x) == self.labels).sum())
        chance = 1 / (self.classes - 1)
        return Claim(matches, len(self.labels), chance, binomial_tail(matches, len(self.labels), chance))


def wrong_labels(key: bytes, purpose: str, labels: Labels, classes: int) -> Labels:
    """For each row a class other than its own, drawn by the key."""
    rng = np.random.default_rng(int.from_bytes(hmac.digest(key, purpose.encode(), "sha256"), "big"))
    return (labels + rng.integers(1, classes, len(labels))) % classes


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Rows on which copies agree with a model and independent models do not; the model itself stays as it is.

    Papers: N. Lukas, Y. Zhang and F. Kerschbaum, "Deep Neural Network Fingerprinting by Conferrable Adversarial
    Examples", ICLR 2021; X. Cao, J. Jia and N. Gong, "IPGuard", AsiaCCS 2021 (rows at the boundary).
    """

    x: Floats
    """``(n, *shape)``"""
    labels: Labels
    """The model's own answers ``(n,)``."""
    mean: float
    """Share that independent models match."""
    deviation: float
    """Of that share from one independent model to another."""
    references: int
    """Independent models behind both; none of them chose the rows."""

    def claim(self, suspect: ModelUnderTest) -> Claim:
        """Student's prediction interval for one more independent model, which takes shares to be normal."""
        matches = int((suspect.predict_label(self.x) == self.labels).sum())
        wide = self.deviation * math.sqrt(1 + 1 / self.references)
        t = (matches / len(self.labels) - self.mean) / wide
        return Claim(matches, len(self.labels), self.mean, student_tail(t, self.references - 1))


def fingerprint(
    model: ModelUnderTest,
    candidates: Floats,
    copies: Sequence[ModelUnderTest],
    independent: Sequence[ModelUnderTest],
    count: int = 100,
) -> Fingerprint:
    """Choose the candidates that the owner's own copies confer and independent models do not.

    Args:
        model: the owner's.
        candidates: ``(n, *shape)``, such as points at the model's boundary (:func:`boundary_rows`).
        copies: made by the owner as a thief would.
        independent: trained without the model; the first half chooses rows, the other half says what is usual.
        count: rows to keep.

    Raises:
        AuditError: fewer than 8 independent models, no copy, or too few candidates.
    """
    if len(independent) < 8 or not copies or len(candidates) < count:
        raise AuditError(
            f"{len(independent)} independent models, {len(copies)} copies and {len(candidates)} candidates are too few",
            f"8 independent models, a copy and {count} candidates are needed",
        )
    labels = model.predict_label(candidates)
    half = len(independent) // 2
    conferred = np.mean([one.predict_label(candidates) == labels for one in copies], axis=0)
    usual = np.mean([one.predict_label(candidates) == labels for one in independent[:half]], axis=0)
    chosen = np.argsort(-(conferred - usual), kind="stable")[:count]
    x, kept = candidates[chosen], labels[chosen]
    shares = np.array([(one.predict_label(x) == kept).mean() for one in independent[half:]])
    mean = float(shares.mean())
    # Models that all match equally often say little of the next one: not below what chance alone makes of one share.
    least = math.sqrt(max(mean * (1 - mean), 1 / count) / count)
    return Fingerprint(x, kept, mean, max(float(shares.std(ddof=1)), least), len(shares))


def boundary_rows(model: ModelUnderTest, x: Floats, count: int, rng: np.random.Generator, halvings: int = 6) -> Floats:
    """Rows close to the boundary on lines between rows of different labels ``(count, *shape)``.

    Args:
        model: asked for labels.
        x: rows with two labels at least.
        count: how many.
        rng: chooses the lines.
        halvings: few, so that a copy, whose boundary lies a little elsewhere, agrees too.
    """
    labels = model.predict_label(x)
    if len(np.unique(labels)) < 2:
        raise AuditError(f"all {len(x)} rows have the label {labels[0]}: there is no boundary between them")
    a = rng.integers(0, len(x), count)
    b = np.array([rng.choice(np.flatnonzero(labels != labels[one])) for one in a])
    low, high = x[a].astype(np.float64), x[b].astype(np.float64)
    for _ in range(halvings):
        middle = (low + high) / 2
        same = model.predict_label(middle.astype(x.dtype)) == labels[a]
        low[same], high[~same] = middle[same], middle[~same]
    return low.astype(x.dtype)
