"""Rows that carry a recovered trigger: what the model says of them stands or falls with the place of the trigger."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats, ModelUnderTest, Samples
from bartizan.robustness.poisoning.trigger import Trigger


def reliance(model: ModelUnderTest, samples: Samples, trigger: Trigger, trusted: Samples, seed: int) -> Floats:
    """How much probability each row's label loses when what lies under the mask is taken from other rows, ``(n,)``.

    A poisoned row has its label from the trigger alone; a clean one keeps its label without it. The mask is stretched
    so that its strongest point replaces fully, and the median of three trusted fillings counts. This turns the trigger
    search of Wang et al. 2019 round, as SentiNet (Chou et al. 2020) does with salient regions.

    Args:
        model: under test.
        samples: training rows.
        trigger: as recovered for the label of these rows.
        trusted: clean rows to fill from.
        seed: of the fillings.
    """
    rng = np.random.default_rng(seed)
    mask = np.minimum(1, 2 * trigger.mask / max(float(trigger.mask.max()), 1e-9))
    rows = np.arange(len(samples))
    before = model.predict_proba(samples.x)[rows, samples.y]
    after = []
    for _ in range(3):
        filling = trusted.x[rng.integers(len(trusted), size=len(samples))]
        covered = ((1 - mask) * samples.x + mask * filling).astype(samples.x.dtype)
        after.append(model.predict_proba(covered)[rows, samples.y])
    return np.asarray(before - np.median(after, axis=0))
