"""Losses of attacks: values of logits a row, and their derivatives by the logits. All grow as the attack succeeds."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from bartizan.robustness.interface import Floats, Labels


class Loss(Protocol):
    """A loss of a batch whose labels it knows."""

    def value(self, logits: Floats, /) -> Floats:
        """``(n, classes)`` to ``(n,)``."""
        ...

    def slope(self, logits: Floats, /) -> Floats:
        """``(n, classes)`` to its derivative, same shape."""
        ...

    def of(self, rows: Labels, /) -> Loss:
        """The same loss of some of the rows."""
        ...


def softmax(logits: Floats) -> Floats:
    """Rows to probabilities, without overflow."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def margin(logits: Floats, y: Labels) -> Floats:
    """The true class's logit less the best other one, ``(n,)``; negative where the row is misclassified."""
    rows = np.arange(len(y))
    others = logits.copy()
    others[rows, y] = -np.inf
    return logits[rows, y] - others.max(axis=1)


class CrossEntropy:
    """Minus the logarithm of the true class's probability."""

    def __init__(self, y: Labels) -> None:
        self.y = y

    def value(self, logits: Floats, /) -> Floats:
        """See :class:`Loss`."""
        top = logits.max(axis=1)
        return top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[np.arange(len(self.y)), self.y]

    def slope(self, logits: Floats, /) -> Floats:
        """Softmax less the one-hot label."""
        found = softmax(logits)
        found[np.arange(len(self.y)), self.y] -= 1
        return found

    def of(self, rows: Labels, /) -> CrossEntropy:
        """See :class:`Loss`."""
        return CrossEntropy(self.y[rows])


class Margin:
    """The best other logit less the true one: the loss of Carlini and Wagner, without their constant."""

    def __init__(self, y: Labels) -> None:
        self.y = y

    def value(self, logits: Floats, /) -> Floats:
        """See :class:`Loss`."""
        return -margin(logits, self.y)

    def slope(self, logits: Floats, /) -> Floats:
        """One at the best other class, minus one at the true one."""
        rows = np.arange(len(self.y))
        others = logits.copy()
        others[rows, self.y] = -np.inf
        found = np.zeros_like(logits)
        found[rows, others.argmax(axis=1)] = 1
        found[rows, self.y] = -1
        return found

    def of(self, rows: Labels, /) -> Margin:
        """See :class:`Loss`."""
        return Margin(self.y[rows])
