"""Auto-PGD: step sizes that halve when progress stalls. A row leaves the batch as soon as it is misclassified."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bartizan.robustness.evasion.ball import Ball, wide
from bartizan.robustness.evasion.oracle import Oracle
from bartizan.robustness.interface import Flags, Floats, Labels
from bartizan.robustness.losses import Loss


@dataclass(slots=True)
class _State:
    """Of the rows still attacked; each field has one entry a row."""

    row: Labels
    origin: Floats
    x: Floats
    before: Floats
    gradient: Floats
    best: Floats
    best_gradient: Floats
    best_loss: Floats
    last_loss: Floats
    step: Floats
    rises: Floats
    best_at_check: Floats
    halved: Flags

    def keep(self, rows: Flags) -> None:
        """Only these."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name)[rows])


def apgd(
    oracle: Oracle,
    x: Floats,
    y: Labels,
    loss: Loss,
    ball: Ball,
    steps: int,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Croce and Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
    attacks", ICML 2020, algorithm 1.

    Args:
        oracle: gradients.
        x: ``(n, *shape)``, within the box.
        y: true labels, ``(n,)``.
        loss: to raise; of all rows.
        ball: around each row.
        steps: gradients asked for each row that stays classified, and one more.
        rng: draws the start on the ball; without it the attack starts at ``x``.

    Returns:
        ``(n, *shape)``: a misclassified point where one was found, otherwise the one with the largest loss.
    """
    found = x.copy()
    start = x.copy() if rng is None else ball.random(x, rng)
    logits, gradient = oracle(start, loss.slope)
    value = loss.value(logits)
    n = len(x)
    state = _State(
        np.arange(n), x, start, start, gradient, start, gradient, value, value,
        np.full(n, 2 * ball.radius), np.zeros(n), value.copy(), np.zeros(n, bool),
    )  # fmt: skip
    found[:] = start
    state.keep(logits.argmax(axis=1) == y)
    window, least, shrink = max(int(0.22 * steps), 1), max(int(0.06 * steps), 1), max(int(0.03 * steps), 1)
    since = 0
    for number in range(steps):
        if not len(state.row):
            break
        pull = 1.0 if number == 0 else 0.75
        ahead = ball.project(state.x + _scaled(state.step, ball.steepest(state.gradient)), state.origin)
        moved = state.x + pull * (ahead - state.x) + (1 - pull) * (state.x - state.before)
        state.before, state.x = state.x, ball.project(moved.astype(x.dtype, copy=False), state.origin)
        part = loss.of(state.row)
        logits, state.gradient = oracle(state.x, part.slope)
        value = part.value(logits)
        state.rises += value > state.last_loss
        state.last_loss = value
        better = value > state.best_loss
        state.best, state.best_gradient, state.best_loss = (
            np.where(wide(better, x), state.x, state.best),
            np.where(wide(better, x), state.gradient, state.best_gradient),
            np.where(better, value, state.best_loss),
        )
        wrong = logits.argmax(axis=1) != y[state.row]
        if wrong.any():
            found[state.row[wrong]] = state.x[wrong]
            state.keep(~wrong)
        since += 1
        if since == window:
            _check(state, window, x)
            since, window = 0, max(window - shrink, least)
    found[state.row] = state.best
    return found


def _check(state: _State, window: int, like: Floats) -> None:
    """Halve the steps of rows that oscillate or have found nothing better; they go on from their best point."""
    stuck = ~state.halved & (state.best_at_check >= state.best_loss)
    halve = (state.rises <= 0.75 * window) | stuck
    state.halved, state.best_at_check = halve, state.best_loss.copy()
    state.step = np.where(halve, state.step / 2, state.step)
    state.x = np.where(wide(halve, like), state.best, state.x)
    state.gradient = np.where(wide(halve, like), state.best_gradient, state.gradient)
    state.rises = np.zeros(len(state.row))


def _scaled(step: Floats, way: Floats) -> Floats:
    return way * wide(step.astype(way.dtype), way)
