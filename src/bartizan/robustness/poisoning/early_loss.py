"""Early loss (after Li et al. 2021, Anti-Backdoor Learning): a trigger is learnt sooner than anything else."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats, Samples, Trainer
from bartizan.robustness.training import Job, train_all


def early_scores(trainer: Trainer, samples: Samples, seed: int, share: float = 0.2, workers: int = 1) -> Floats:
    """Minus the loss of each row under a model that has learnt little yet, ``(n,)``: high for rows learnt early.

    The paper stops training early. A trainer here trains to its end, so two models that saw ``share`` of the rows stand
    for an early one, and each row is judged by a model that did not see it.

    Args:
        trainer: of models of the kind under test.
        samples: suspected rows.
        seed: of the shares.
        share: of the rows that each model learns.
        workers: processes side by side.
    """
    order = np.random.default_rng(seed).permutation(len(samples))
    count = max(1, round(share * len(samples)))
    parts = [order[:count], order[-count:]]
    models = train_all(trainer, samples.x, samples.y, [Job(part, seed) for part in parts], workers)
    rows = np.arange(len(samples))
    losses = np.stack([-np.log(np.maximum(one.predict_proba(samples.x)[rows, samples.y], 1e-12)) for one in models])
    for number, part in enumerate(parts):
        losses[number, part] = np.nan
    return np.asarray(-np.nanmean(losses, axis=0))
