"""Shadow models: of the kind under test, each trained with half of the attacked rows, as many as time allows."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import AuditContext, Floats, Labels, ModelUnderTest, Trainer
from bartizan.robustness.privacy.game import Game, game
from bartizan.robustness.privacy.signals import Signal, confidence
from bartizan.robustness.training import Job, train_all

CONFIDENCE = "confidence"
INSTEAD = "run membership.triage, which trains none"
"""Where shadow models are too dear."""


class Shadows(NamedTuple):
    """What shadow models answered; the models themselves are gone."""

    keep: np.ndarray
    """``(models, attacked)``: which attacked rows each was trained on; every row by exactly half of them."""
    signals: Mapping[str, Floats]
    """By name, ``(models, attacked + population)``."""
    unseen: Mapping[str, Floats]
    """The same of one model that saw none of the attacked rows, ``(attacked + population,)``: the negative baseline."""
    wanted: int
    seconds: float
    """For all of them."""

    def of(self, name: str, rows: int) -> Floats:
        """A signal of the attacked rows."""
        return self.signals[name][:, :rows]


def train(
    trainer: Trainer,
    played: Game,
    count: int,
    seconds: float,
    workers: int,
    seed: int,
    signals: Mapping[str, Signal],
    fewest: int = 2,
) -> Shadows:
    """Trains until ``count`` models or ``seconds`` are reached; always an even number.

    Each is trained on as many rows as the model under test. Rows besides the attacked ones are drawn from the rest of
    the pool, in which other members are: an auditor's attack, at least as strong as an outsider's.

    Raises:
        UnusableDataError: fewer than ``fewest`` fit into the time.
    """
    rng = np.random.default_rng([seed, 0x5AD0])
    started = time.monotonic()
    x, y = played.x, played.y

    def answers(jobs: list[Job]) -> list[dict[str, Floats]]:
        models = train_all(trainer, played.pool.x, played.pool.y, jobs, workers)
        return [{name: signal(model, x, y) for name, signal in signals.items()} for model in models]

    nobody = np.zeros(played.n, dtype=bool)
    (unseen,) = answers([_job(played, nobody, rng, seed)])
    each = time.monotonic() - started
    fits = max(0.0, seconds - each) / max(each, 1e-9) * workers
    planned = int(min(count, fits)) // 2 * 2
    if planned < fewest:
        raise UnusableDataError(
            f"one shadow model takes {each:.0f} s and {seconds:.0f} s allow {planned} of the {fewest} that are needed",
            f"allow more seconds or workers, or {INSTEAD}",
        )
    keep: list[np.ndarray] = []
    found: list[dict[str, Floats]] = []
    while len(keep) < planned and (len(keep) < fewest or time.monotonic() - started < seconds):
        masks: list[np.ndarray] = []
        for _ in range(math.ceil(min(2 * workers, planned - len(keep)) / 2)):
            half = rng.permutation(played.n) < played.n // 2
            masks += [half, ~half]
        found += answers([_job(played, mask, rng, seed + 1 + len(keep) + at) for at, mask in enumerate(masks)])
        keep += masks
    return Shadows(
        np.asarray(keep),
        {name: np.asarray([one[name] for one in found]) for name in signals},
        unseen,
        count,
        time.monotonic() - started,
    )


def of_context(context: AuditContext, fewest: int = 4) -> tuple[Game, Shadows]:
    """The game and the shadow models of one run, trained by whichever audit asks first.

    Raises:
        UnusableDataError: no trainer, no training rows, or no time.
    """
    if context.trainer is None:
        raise UnusableDataError(
            "shadow models need to know how models of this kind are trained",
            f"give a trainer, or {INSTEAD}",
        )
    effort = context.effort
    key = f"shadows of {effort.samples} rows"
    if key not in context.shared:
        played = game(context.data, effort.samples, context.seed)
        context.shared[key] = (
            played,
            train(
                context.trainer, played, effort.shadows, effort.seconds * 0.8, effort.workers, context.seed,
                {CONFIDENCE: confidence}, fewest,
            ),
        )  # fmt: skip
    found: tuple[Game, Shadows] = context.shared[key]
    if len(found[1].keep) < fewest:
        raise UnusableDataError(
            f"{len(found[1].keep)} shadow models were trained, {fewest} are needed", f"allow more seconds, or {INSTEAD}"
        )
    return found


def unseen_of(context: AuditContext, played: Game) -> ModelUnderTest | None:
    """A model that saw none of the attacked rows, trained once a run; None without a trainer."""
    if context.trainer is None:
        return None
    key = f"unseen {context.effort.samples} rows"
    if key not in context.shared:
        context.in_time()
        job = _job(played, np.zeros(played.n, dtype=bool), np.random.default_rng([context.seed, 0x5AD0]), context.seed)
        (context.shared[key],) = train_all(context.trainer, played.pool.x, played.pool.y, [job], 1)
    found: ModelUnderTest = context.shared[key]
    return found


def _job(played: Game, mask: np.ndarray, rng: np.random.Generator, seed: int) -> Job:
    chosen = played.attacked[mask]
    others: Labels = rng.permutation(played.rest)[: max(0, played.size - len(chosen))]
    return Job(np.concatenate([chosen, others]), seed)
