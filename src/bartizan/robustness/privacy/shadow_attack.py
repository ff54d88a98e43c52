"""What attacks with shadow models share: the game, the models, the baseline and the control."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bartizan.reporting.audit import AuditResult, Comparison
from bartizan.robustness.interface import AuditContext, Floats
from bartizan.robustness.privacy import verdict
from bartizan.robustness.privacy.game import Game
from bartizan.robustness.privacy.shadows import CONFIDENCE, Shadows, of_context, train
from bartizan.robustness.privacy.signals import confidence

_CONTROL_SHADOWS = 8
"""At most."""


class Answers(NamedTuple):
    """Scaled logits of everybody."""

    target: Floats
    """``(n,)``"""
    shadows: Floats
    """``(models, n)``"""
    keep: np.ndarray
    """``(models, n)``"""
    z_target: Floats
    """Of the population, ``(z,)``."""
    z_shadows: Floats
    """``(models, z)``"""


Scores = Callable[[Answers], Mapping[str, Floats]]
"""Scores of the attacked rows, by variant; the first one is shown for baseline and control."""


def run(context: AuditContext, scores: Scores, fewest: int, **said: Any) -> AuditResult:
    """Attacks the model under test. See :func:`verdict.result` for what is raised."""
    played, shadows = of_context(context, fewest)
    verdict.must_vary(context.model, played.x[: played.n])
    target = confidence(context.model, played.x, played.y)
    attack = verdict.Attack(scores(answers(target, shadows, played.n)), played.member)
    unseen, tries = shadows.unseen[CONFIDENCE], verdict.BASELINES
    same = first(scores(answers(unseen, shadows, played.n)))
    made = len(shadows.keep)
    settings = {
        "samples": f"{int(played.member.sum())} members, {int((~played.member).sum())} others",
        "population": str(len(played.population)),
        "shadows": str(made),
        "trainer": context.trainer.name if context.trainer else "",
        "shadow_seconds": f"{shadows.seconds:.1f}",
    }
    untested = [
        "models that other people train: shadow models here share the pool with the model under test",
        "augmented queries, which the paper averages over",
    ]
    cut = []
    if made < shadows.wanted // 2 * 2:
        cut.append(f"{shadows.wanted - made} of {shadows.wanted} shadow models for which there was no time")
        untested[:0] = cut
    if played.duplicates:
        untested.append(f"{played.duplicates} test rows that are training rows too")
    return verdict.result(
        context,
        attack,
        lambda: _control(played, scores, min(_CONTROL_SHADOWS, made)),
        (
            verdict.compare("the same attack on a model that saw none of these rows", same, played.member, tries),
            # Likelihood ratios compare a row with itself and can miss that members and others are of other kinds, which
            # yet tells them apart as soon as shadow models learn from both.
            verdict.compare(
                "the loss of a model that saw none of these rows", unseen[: played.n], played.member, tries
            ),
        ),
        cut=cut,
        settings=settings,
        untested=tuple(untested),
        **said,
    )


def answers(target: Floats, shadows: Shadows, rows: int) -> Answers:
    """Splits attacked rows and population."""
    all_shadows = shadows.signals[CONFIDENCE]
    return Answers(target[:rows], all_shadows[:, :rows], shadows.keep, target[rows:], all_shadows[:, rows:])


def first(scores: Mapping[str, Floats]) -> Floats:
    """Of the variant that stands for the attack."""
    return next(iter(scores.values()))


def _control(played: Game, scores: Scores, count: int) -> Comparison:
    """With no more shadow models than the attack had."""
    small, trainer = verdict.control_game(played)
    remembered = verdict.target_rows(small)
    model = trainer.fit(remembered.x, remembered.y, 0)
    shadows = train(trainer, small, count, math.inf, 1, 0, {CONFIDENCE: confidence})
    found = first(scores(answers(confidence(model, small.x, small.y), shadows, small.n)))
    return verdict.compare(f"the same attack on a {trainer.name}", found, small.member)
