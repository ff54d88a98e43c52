"""The L2 form of the square attack: bumps that move their share of the budget from one window to another."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats


class Bumps:
    """Draws starts and moves (Andriushchenko et al. 2020, section 3.3).

    Args:
        radius: of the L2 ball.
        rng: draws places, signs and orientations.
    """

    def __init__(self, radius: float, rng: np.random.Generator) -> None:
        self._radius, self._rng = radius, rng

    def start(self, x: Floats) -> Floats:
        """A grid of bumps of random signs, of length ``radius``."""
        n, channels, height, width = x.shape
        side_h, side_w = max(height // 5, 1), max(width // 5, 1)
        delta = np.zeros(x.shape)
        for top in range(0, height - side_h + 1, side_h):
            for left in range(0, width - side_w + 1, side_w):
                signs = self._signs(n, channels)
                delta[:, :, top : top + side_h, left : left + side_w] = self._bump(side_h, side_w) * signs
        return (x + delta * (self._radius / _length(delta))).astype(x.dtype)

    def moved(self, x: Floats, origin: Floats, side: tuple[int, int]) -> Floats:
        """A window takes the budget of another window and what was unused, in a bump added to what it holds."""
        delta = (x - origin).astype(np.float64)
        n, channels, height, width = delta.shape
        tall, across = side
        windows = []
        for _ in range(2):
            top, left = self._rng.integers(0, height - tall + 1), self._rng.integers(0, width - across + 1)
            windows.append((slice(None), slice(None), slice(top, top + tall), slice(left, left + across)))
        target, source = windows
        both = np.zeros(delta.shape[2:], bool)
        both[target[2:]] = both[source[2:]] = True
        held = (delta**2 * both).sum(axis=(2, 3), keepdims=True)
        unused = np.maximum(self._radius**2 - (delta**2).sum(axis=(1, 2, 3), keepdims=True), 0) / channels
        bump = self._bump(tall, across) * self._signs(n, channels)
        old = delta[target]
        bump = bump + old / np.maximum(_length(old, (2, 3)), 1e-12)
        bump = bump / np.maximum(_length(bump, (2, 3)), 1e-12) * np.sqrt(held + unused)
        delta[source] = 0
        delta[target] = bump
        return (origin + delta).astype(x.dtype)

    def _signs(self, n: int, channels: int) -> Floats:
        return self._rng.choice([-1.0, 1.0], (n, channels, 1, 1))

    def _bump(self, height: int, width: int) -> Floats:
        """Two halves of opposite sign, each highest in its middle; turned at random; of length one."""
        if self._rng.random() < 0.5:
            return self._halves(width, height).T
        return self._halves(height, width)

    @staticmethod
    def _halves(height: int, width: int) -> Floats:
        found = np.zeros((height, width))
        cut = height // 2
        found[:cut] = _hill(cut, width)
        found[cut:] = -_hill(height - cut, width)
        return found / np.sqrt((found**2).sum())


def _hill(height: int, width: int) -> Floats:
    """Falls from its middle like the sums of 1 / k² over shrinking rectangles."""
    found = np.zeros((height, width))
    for ring in range((min(height, width) + 1) // 2):
        found[ring : height - ring or None, ring : width - ring or None] += 1 / (ring + 1) ** 2
    return found


def _length(values: Floats, axis: tuple[int, ...] = (1, 2, 3)) -> Floats:
    return np.sqrt((values**2).sum(axis=axis, keepdims=True))
