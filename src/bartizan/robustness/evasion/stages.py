"""The attacks of the ensemble, each as one stage that gets the rows which the stages before it left standing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bartizan.robustness.errors import NotOfferedError
from bartizan.robustness.evasion.apgd import apgd
from bartizan.robustness.evasion.ball import Ball
from bartizan.robustness.evasion.fab import fab_targeted
from bartizan.robustness.evasion.hopskipjump import hopskipjump
from bartizan.robustness.evasion.losses import ScaledCrossEntropy, targeted, untargeted
from bartizan.robustness.evasion.oracle import Oracle, estimated
from bartizan.robustness.evasion.square import square
from bartizan.robustness.interface import Access, Effort, Floats, Labels, ModelUnderTest
from bartizan.robustness.losses import CrossEntropy


@dataclass(frozen=True, slots=True)
class Try:
    """What one round of one stage works on."""

    model: ModelUnderTest
    x: Floats
    """Rows still classified, ``(n, *shape)``."""
    y: Labels
    ball: Ball
    rng: np.random.Generator
    turn: int = 0
    """Which round of the stage; targeted attacks aim at the class of this rank."""

    def aim(self) -> Labels:
        """The wrong class of rank ``turn`` by its score on each untouched row."""
        logits = self.model.logits(self.x).copy()
        logits[np.arange(len(self.y)), self.y] = -np.inf
        return np.argsort(-logits, axis=1, kind="stable")[:, self.turn].astype(np.int64)


Attack: TypeAlias = Callable[[Try], Floats]
"""To candidates, shaped like the rows."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One attack with its settings."""

    name: str
    needs: Access
    attack: Attack
    vital: bool = True
    """Without it nothing is said to have withstood."""
    rounds: int = 1
    """How often it runs on what is left, from another start or towards another class."""


def through(model: ModelUnderTest) -> Oracle:
    """Gradients past rounding and other steps where the model knows how, otherwise as they are."""
    return getattr(model, "loss_grad_through", model.loss_grad)


def hides_behind_steps(model: ModelUnderTest, x: Floats, y: Labels) -> bool:
    """True when passing steps straight through changes the gradients of some rows."""
    if not model.access.allows(Access.GRADIENTS):
        return False
    slope = ScaledCrossEntropy(y).slope
    try:
        return not np.array_equal(through(model)(x, slope)[1], model.loss_grad(x, slope)[1])
    except NotOfferedError:
        return False


def plan(model: ModelUnderTest, effort: Effort, x: Floats, y: Labels) -> list[Stage]:
    """Cheap stages first, so that dear ones see few rows. Square gets all its queries only where gradients say little.

    Args:
        x, y: rows of which a few are asked whether the model hides its gradients behind steps.
    """
    found: list[Stage] = []
    others, steps, gradients = min(model.classes - 1, 9), effort.steps, Access.GRADIENTS
    queries = effort.queries
    if model.access.allows(gradients):
        if hides_behind_steps(model, x[:16], y[:16]):
            found += [
                Stage("apgd-ce through steps", gradients, cross_entropy(steps, past_steps=True)),
                Stage("apgd-t through steps", gradients, towards(steps, past_steps=True), False, others),
            ]
        else:
            queries = effort.queries // 4
        if model.loss_grad(x[:16], ScaledCrossEntropy(y[:16]).slope)[1].any():
            found += [
                Stage("apgd-ce, short", gradients, cross_entropy(max(steps // 5, 5)), False),
                Stage("apgd-ce", gradients, cross_entropy(steps)),
                Stage("apgd-dlr", gradients, ratio(steps)),
                Stage("apgd-t", gradients, towards(steps), True, others),
                Stage("fab-t", gradients, boundary(max(steps // 2, 10)), False, min(others, 3)),
            ]
    if model.access is Access.LABELS:
        found.append(Stage("hopskipjump", Access.LABELS, walks(effort.queries)))
    if model.access.allows(Access.SCORES):
        blind = not any(stage.vital for stage in found)
        found.append(Stage("square", Access.SCORES, squares(effort.queries if blind else queries), blind))
        if blind:
            found.append(Stage("nes", Access.SCORES, evolution(max(effort.queries // 2, 100)), False))
    return found


def cross_entropy(steps: int, past_steps: bool = False) -> Attack:
    """APGD-CE."""

    def attack(on: Try) -> Floats:
        oracle = through(on.model) if past_steps else on.model.loss_grad
        return apgd(oracle, on.x, on.y, ScaledCrossEntropy(on.y), on.ball, steps, on.rng)

    return attack


def ratio(steps: int) -> Attack:
    """APGD-DLR."""

    def attack(on: Try) -> Floats:
        return apgd(on.model.loss_grad, on.x, on.y, untargeted(on.y, on.model.classes), on.ball, steps, on.rng)

    return attack


def towards(steps: int, past_steps: bool = False) -> Attack:
    """APGD-T."""

    def attack(on: Try) -> Floats:
        oracle = through(on.model) if past_steps else on.model.loss_grad
        loss = targeted(on.y, on.aim(), on.model.classes)
        return apgd(oracle, on.x, on.y, loss, on.ball, steps, on.rng)

    return attack


def boundary(steps: int) -> Attack:
    """FAB-T."""

    def attack(on: Try) -> Floats:
        return fab_targeted(on.model.loss_grad, on.x, on.y, on.aim(), on.ball, steps)

    return attack


def squares(queries: int) -> Attack:
    """Square."""

    def attack(on: Try) -> Floats:
        return square(on.model, on.x, on.y, on.ball, queries, on.rng)

    return attack


def walks(queries: int) -> Attack:
    """HopSkipJump."""

    def attack(on: Try) -> Floats:
        return hopskipjump(on.model, on.x, on.y, on.ball, queries, on.rng)

    return attack


def evolution(queries: int, pairs: int = 10) -> Attack:
    """APGD on gradients estimated from scores, with probes of a quarter of the radius."""

    def attack(on: Try) -> Floats:
        probes = on.ball.radius / 4 / (1 if on.ball.norm == "linf" else float(np.sqrt(np.prod(on.x.shape[1:]))))
        oracle = estimated(on.model, on.rng, pairs, probes)
        return apgd(oracle, on.x, on.y, CrossEntropy(on.y), on.ball, max(queries // (2 * pairs + 1), 2), on.rng)

    return attack
