"""Losses that no scale of the logits can hide: difference of logits ratio, targeted forms, scaled cross-entropy."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats, Labels
from bartizan.robustness.losses import CrossEntropy, Loss, Margin

_TINY = 1e-12


class ScaledCrossEntropy(CrossEntropy):
    """Cross-entropy of logits divided by the gap between the two largest, which is held constant.

    Saturated logits, whose cross-entropy has no gradient left in floating point, get it back (Yu and Xu, "Efficient
    robustness evaluation by minimising the impact of floating-point errors", 2023).
    """

    def value(self, logits: Floats, /) -> Floats:
        """Plain cross-entropy: the scale serves the direction alone, and values must compare between steps."""
        return super().value(logits)

    def slope(self, logits: Floats, /) -> Floats:
        """Of the scaled logits."""
        top = np.partition(logits, -2, axis=1)[:, -2:]
        scale = np.maximum(np.abs(top[:, 1] - top[:, 0]), 1.0)
        return super().slope(logits / scale[:, None])

    def of(self, rows: Labels, /) -> ScaledCrossEntropy:
        """See :class:`~bartizan.robustness.losses.Loss`."""
        return ScaledCrossEntropy(self.y[rows])


class DLR:
    """Difference of logits ratio: minus the margin over the gap between the first and the third logit.

    Croce and Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
    ICML 2020. Needs three classes.
    """

    def __init__(self, y: Labels) -> None:
        self.y = y

    def value(self, logits: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.losses.Loss`."""
        gap, other, first, third = self._parts(logits)
        del other, first, third
        return gap[0] / gap[1]

    def slope(self, logits: Floats, /) -> Floats:
        """Quotient rule; which logit is first, second or third is held fixed."""
        (up, down), other, first, third = self._parts(logits)
        rows, found = np.arange(len(self.y)), np.zeros_like(logits)
        found[rows, other] += 1 / down
        found[rows, self.y] -= 1 / down
        found[rows, first] -= up / down**2
        found[rows, third] += up / down**2
        return found

    def of(self, rows: Labels, /) -> DLR:
        """See :class:`~bartizan.robustness.losses.Loss`."""
        return DLR(self.y[rows])

    def _parts(self, logits: Floats) -> tuple[tuple[Floats, Floats], Labels, Labels, Labels]:
        rows, order = np.arange(len(self.y)), np.argsort(-logits, axis=1, kind="stable")
        first, third = order[:, 0], order[:, 2]
        other = np.where(first == self.y, order[:, 1], first)
        up = logits[rows, other] - logits[rows, self.y]
        return (up, logits[rows, first] - logits[rows, third] + _TINY), other, first, third


class TargetedDLR:
    """The ratio for one target class a row; the same paper. Needs four classes."""

    def __init__(self, y: Labels, target: Labels) -> None:
        self.y, self.target = y, target

    def value(self, logits: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.losses.Loss`."""
        up, down, _ = self._parts(logits)
        return up / down

    def slope(self, logits: Floats, /) -> Floats:
        """Quotient rule; the order of the logits is held fixed."""
        up, down, order = self._parts(logits)
        rows, found = np.arange(len(self.y)), np.zeros_like(logits)
        found[rows, self.target] += 1 / down
        found[rows, self.y] -= 1 / down
        found[rows, order[:, 0]] -= up / down**2
        found[rows, order[:, 2]] += up / (2 * down**2)
        found[rows, order[:, 3]] += up / (2 * down**2)
        return found

    def of(self, rows: Labels, /) -> TargetedDLR:
        """See :class:`~bartizan.robustness.losses.Loss`."""
        return TargetedDLR(self.y[rows], self.target[rows])

    def _parts(self, logits: Floats) -> tuple[Floats, Floats, Labels]:
        rows, order = np.arange(len(self.y)), np.argsort(-logits, axis=1, kind="stable")
        up = logits[rows, self.target] - logits[rows, self.y]
        rest = (logits[rows, order[:, 2]] + logits[rows, order[:, 3]]) / 2
        return up, logits[rows, order[:, 0]] - rest + _TINY, order


class TargetedMargin:
    """One target's logit less the true one."""

    def __init__(self, y: Labels, target: Labels) -> None:
        self.y, self.target = y, target

    def value(self, logits: Floats, /) -> Floats:
        """See :class:`~bartizan.robustness.losses.Loss`."""
        rows = np.arange(len(self.y))
        return logits[rows, self.target] - logits[rows, self.y]

    def slope(self, logits: Floats, /) -> Floats:
        """One at the target, minus one at the true class."""
        rows, found = np.arange(len(self.y)), np.zeros_like(logits)
        found[rows, self.target] = 1
        found[rows, self.y] = -1
        return found

    def of(self, rows: Labels, /) -> TargetedMargin:
        """See :class:`~bartizan.robustness.losses.Loss`."""
        return TargetedMargin(self.y[rows], self.target[rows])


def untargeted(y: Labels, classes: int) -> Loss:
    """DLR, or the margin where there are two classes."""
    return DLR(y) if classes > 2 else Margin(y)


def targeted(y: Labels, target: Labels, classes: int) -> Loss:
    """Targeted DLR, or the margin to the target where there are fewer than four classes."""
    return TargetedDLR(y, target) if classes > 3 else TargetedMargin(y, target)
