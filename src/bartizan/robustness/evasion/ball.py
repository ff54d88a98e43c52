"""How far an input may be changed: a ball around it in some norm, cut by the box of legal values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Flags, Floats, ModelUnderTest


class Norm(StrEnum):
    """How the size of a change is measured."""

    LINF = "linf"
    """The largest change of any value."""
    L2 = "l2"
    """The square root of the sum of squared changes."""


@dataclass(frozen=True, slots=True)
class Ball:
    """All inputs within ``radius`` of an origin, and between ``low`` and ``high``. Arrays are ``(n, *shape)``."""

    norm: Norm
    radius: float
    low: Floats
    high: Floats

    def project(self, x: Floats, origin: Floats) -> Floats:
        """The nearest point of the ball along the line to ``origin``, then cut by the box."""
        if self.norm is Norm.LINF:
            return np.clip(
                x,
                np.maximum(origin - x.dtype.type(self.radius), self.low),
                np.minimum(origin + x.dtype.type(self.radius), self.high),
            ).astype(x.dtype, copy=False)
        delta = x - origin
        shrink = np.minimum(1.0, self.radius / np.maximum(sizes(delta, self.norm), 1e-12)).astype(x.dtype)
        return np.clip(origin + delta * wide(shrink, x), self.low, self.high).astype(x.dtype, copy=False)

    def steepest(self, gradient: Floats) -> Floats:
        """The direction of length one in this norm along which a linear function grows fastest."""
        if self.norm is Norm.LINF:
            return np.sign(gradient)
        return gradient / wide(np.maximum(sizes(gradient, self.norm), 1e-12).astype(gradient.dtype), gradient)

    def random(self, origin: Floats, rng: np.random.Generator) -> Floats:
        """A point on the ball's surface in a random direction, cut by the box."""
        way = (
            rng.uniform(-1, 1, origin.shape) if self.norm is Norm.LINF else rng.standard_normal(origin.shape)
        ).astype(origin.dtype)
        way *= wide((self.radius / np.maximum(sizes(way, self.norm), 1e-12)).astype(way.dtype), way)
        return self.project(origin + way, origin)

    def holds(self, x: Floats, origin: Floats, slack: float = 1e-5) -> Flags:
        """``(n,)``: true where the row is in the ball and in the box, up to rounding."""
        boxed = ((x >= self.low - slack) & (x <= self.high + slack)).reshape(len(x), -1).all(axis=1)
        return boxed & (sizes(x - origin, self.norm) <= self.radius * (1 + slack) + slack)


def ball_for(model: ModelUnderTest, norm: Norm, radius: float) -> Ball:
    """The ball within the legal values of a model.

    Raises:
        AuditError: no positive, finite radius.
    """
    if not 0 < radius < np.inf:
        raise AuditError(f"a radius of {radius:g} leaves nothing to attack", "epsilon is a positive number")
    return Ball(norm, radius, *model.bounds)


def sizes(delta: Floats, norm: Norm) -> Floats:
    """Length of each row, ``(n,)``."""
    flat = delta.reshape(len(delta), -1)
    return np.abs(flat).max(axis=1, initial=0) if norm is Norm.LINF else np.sqrt((flat**2).sum(axis=1))


def wide(values: Floats | Flags, like: Floats) -> Any:
    """``(n,)`` as ``(n, 1, …)``, to multiply rows."""
    return values.reshape(-1, *[1] * (like.ndim - 1))
