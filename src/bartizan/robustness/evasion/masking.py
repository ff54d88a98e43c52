"""Is a model robust, or does it hide its gradients? The textbook attack's figure beside that of attacks which adapt."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bartizan.core.stats import mcnemar
from bartizan.robustness.evasion.ball import Ball, Norm
from bartizan.robustness.evasion.ensemble import Evasion, evade
from bartizan.robustness.evasion.losses import ScaledCrossEntropy
from bartizan.robustness.evasion.pgd import pgd
from bartizan.robustness.evasion.stages import (
    Attack,
    Stage,
    Try,
    cross_entropy,
    evolution,
    hides_behind_steps,
    plan,
    squares,
)
from bartizan.robustness.evasion.transfer import surrogate, transferred
from bartizan.robustness.interface import Access, Effort, Flags, Floats, ModelUnderTest, Samples, Slope
from bartizan.robustness.losses import CrossEntropy

_WITH_SCORES = ("square", "nes")
SURE = 0.01
"""A difference between paired attacks counts from this p-value on."""


BLIND = 0.1
"""Of the rows: so many without a gradient, or broken by scores only after gradients gave up, are a sign of masking."""


@dataclass(slots=True)
class Masking:
    """What was seen."""

    correct: Flags
    textbook: Flags
    """Rows that PGD on cross-entropy leaves."""
    adaptive: Flags
    """Rows that nothing breaks."""
    alone: dict[str, Flags] = field(default_factory=dict)
    """Rows that each family of attacks leaves when it runs alone."""
    without_gradient: float = 0.0
    """Share of rows whose gradient of the cross-entropy is zero."""
    signs: list[str] = field(default_factory=list)
    """Why the gradients are said to be masked; empty where they are not."""
    unfinished: dict[str, str] = field(default_factory=dict)


def look(
    model: ModelUnderTest, samples: Samples, ball: Ball, effort: Effort, seed: int, source: Samples, seconds: float
) -> Masking:
    """After the checklist of Athalye et al. 2018 and Carlini et al., "On evaluating adversarial robustness", 2019.

    Args:
        model: with gradients; deterministic, or behind :class:`~bartizan.robustness.evasion.chance.Voting`.
        source: rows on which the copy for transfer is trained.
    """
    zero = without_gradient(model, samples, CrossEntropy(samples.y).slope)

    def run(*stages: Stage) -> Evasion:
        return evade(model, samples, ball, stages, seed, seconds / 6)

    copy = surrogate(model, source, seed)
    found: dict[str, Evasion] = {
        "textbook PGD": run(Stage("pgd", Access.GRADIENTS, _textbook(20))),
        "gradients, many steps": run(
            Stage("pgd", Access.GRADIENTS, _textbook(100), rounds=2),
            Stage("apgd-ce", Access.GRADIENTS, cross_entropy(effort.steps)),
        ),
        "through steps": run(Stage("bpda", Access.GRADIENTS, cross_entropy(effort.steps, past_steps=True), rounds=2)),
        "scores (Square)": run(Stage("square", Access.SCORES, squares(effort.queries))),
        "scores (NES)": run(Stage("nes", Access.SCORES, evolution(effort.queries))),
        "transfer": run(Stage("transfer", Access.LABELS, _moved(copy, effort.steps))),
    }
    whole = evade(model, samples, ball, plan(model, effort, samples.x, samples.y), seed, seconds / 6)
    correct = whole.correct
    adaptive = whole.robust.copy()
    for one in found.values():
        adaptive &= one.robust
    result = Masking(correct, found["textbook PGD"].robust, adaptive, {name: one.robust for name, one in found.items()})
    result.without_gradient = zero
    for name, one in (*found.items(), ("ensemble", whole)):
        result.unfinished |= {f"{name}, {stage}": why for stage, why in one.unfinished.items()}
    whole_gradients = not any(found[name].unfinished for name in ("textbook PGD", "gradients, many steps"))
    result.signs = list(_signs(result, model, samples, ball, seed, seconds / 6, whole_gradients))
    return result


def without_gradient(model: ModelUnderTest, samples: Samples, slope: Slope) -> float:
    """Share of rows on which the gradient is zero everywhere."""
    _, gradient = model.loss_grad(samples.x, slope)
    return float(1 - gradient.reshape(len(samples), -1).any(axis=1).mean())


def suspected(model: ModelUnderTest, samples: Samples, found: Evasion) -> tuple[str, ...]:
    """What one attack by itself shows of masking: a hint to look, not a proof. Nothing where gradients are not offered.

    Args:
        found: what the ensemble left of the samples.
    """
    if not model.access.allows(Access.GRADIENTS):
        return ()
    signs: list[str] = []
    few = samples[:250]
    zero = without_gradient(model, few, ScaledCrossEntropy(few.y).slope)
    if zero >= BLIND and not hides_behind_steps(model, few.x[:16], few.y[:16]):
        signs.append(f"{zero:.0%} of the rows have no gradient at all")
    before = [left for stage, left in found.after.items() if stage not in _WITH_SCORES]
    late = (before[-1] if before else 0) - int(found.robust.sum())
    if found.unfinished.keys() <= set(_WITH_SCORES) and late > BLIND * found.correct.sum():
        signs.append(f"scores alone break {late} rows that gradients left")
    return (f"the gradients look masked ({'; '.join(signs)}), see evasion.masking",) if signs else ()


def _signs(
    found: Masking, model: ModelUnderTest, samples: Samples, ball: Ball, seed: int, seconds: float, whole: bool
) -> list[str]:
    """Where the attacks with gradients were cut short (not ``whole``), what others break beyond them says nothing."""
    signs: list[str] = []
    if found.without_gradient >= BLIND:
        signs.append(f"{found.without_gradient:.0%} of the rows have no gradient at all")
    if not whole:
        return signs
    strong = found.alone["gradients, many steps"]
    for name in ("through steps", "scores (Square)", "scores (NES)", "transfer"):
        other = found.alone[name]
        only_other, only_gradient = int((strong & ~other).sum()), int((~strong & other).sum())
        if only_other > only_gradient and mcnemar(only_other, only_gradient).exact < SURE:
            signs.append(
                f"{name} breaks {only_other} rows that gradients do not, gradients {only_gradient} that it does not"
            )
    more, less = int((found.textbook & ~strong).sum()), int((~found.textbook & strong).sum())
    if more - less > 0.1 * found.correct.sum() and mcnemar(more, less).exact < SURE:
        signs.append(f"more steps, restarts and a scaled loss break {more} rows that 20 steps of PGD do not")
    room = float(np.max(np.broadcast_to(ball.high - ball.low, samples.x.shape[1:])))
    if np.isfinite(room):
        wide = Ball(Norm.LINF, room, ball.low, ball.high)
        last = evade(model, samples, wide, [Stage("pgd", Access.GRADIENTS, _textbook(50))], seed, seconds)
        left = last.robust
        if last.unfinished:
            found.unfinished |= {f"without limit, {stage}": why for stage, why in last.unfinished.items()}
        elif left.sum() > 0.1 * found.correct.sum():
            signs.append(
                f"without any limit on the change, PGD still fails on {left.sum()} of {found.correct.sum()} rows"
            )
    return signs


def _textbook(steps: int) -> Attack:
    def attack(on: Try) -> Floats:
        return pgd(on.model.loss_grad, on.x, CrossEntropy(on.y), on.ball, steps, on.rng)

    return attack


def _moved(copy: ModelUnderTest, steps: int) -> Attack:
    def attack(on: Try) -> Floats:
        return transferred(copy, on.x, on.y, on.ball, steps, on.rng)

    return attack
