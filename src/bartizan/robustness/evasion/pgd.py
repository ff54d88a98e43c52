"""The attacks that every lecture starts with. They are weak: APGD needs no tuning and finds more."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.evasion.ball import Ball
from bartizan.robustness.evasion.oracle import Oracle
from bartizan.robustness.interface import Floats
from bartizan.robustness.losses import Loss


def fgsm(oracle: Oracle, x: Floats, loss: Loss, ball: Ball) -> Floats:
    """One step of full length: Goodfellow et al., "Explaining and harnessing adversarial examples", ICLR 2015."""
    _, gradient = oracle(x, loss.slope)
    return ball.project(x + ball.radius * ball.steepest(gradient), x)


def pgd(
    oracle: Oracle,
    x: Floats,
    loss: Loss,
    ball: Ball,
    steps: int,
    rng: np.random.Generator | None = None,
    length: float | None = None,
) -> Floats:
    """Steps of one length: Madry et al., "Towards deep learning models resistant to adversarial attacks", ICLR 2018.

    Args:
        rng: draws the start; without it the attack starts at ``x``.
        length: of a step; 2.5 radii over all steps without it.
    """
    length = 2.5 * ball.radius / steps if length is None else length
    found = x if rng is None else ball.random(x, rng)
    for _ in range(steps):
        _, gradient = oracle(found, loss.slope)
        found = ball.project(found + length * ball.steepest(gradient), x)
    return found
