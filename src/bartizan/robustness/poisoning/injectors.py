"""Seeded ways to poison training rows, for exercises, positive controls and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.losses import CrossEntropy
from bartizan.robustness.poisoning.trigger import Trigger, victims


@dataclass(frozen=True, slots=True)
class Poisoned:
    """Training rows of which some were changed."""

    samples: Samples
    """In the order of the clean rows."""
    planted: Labels
    """Indices of the changed rows, rising."""


def label_flip(
    clean: Samples, rate: float, seed: int, source: int | None = None, target: int | None = None
) -> Poisoned:
    """Gives ``rate`` of the rows another label (Biggio et al. 2012).

    Args:
        clean: rows with labels.
        rate: share of the rows that may be flipped: all, or those of ``source``.
        seed: of the rows and of the new labels.
        source: only rows of this class.
        target: the new label; otherwise a random other one.
    """
    rng = np.random.default_rng(seed)
    fit = np.flatnonzero((clean.y == source if source is not None else True) & (clean.y != target))
    chosen = _drawn(fit, rate, len(clean) if source is None else len(fit), rng)
    y = clean.y.copy()
    kinds = np.unique(clean.y)
    y[chosen] = [target if target is not None else rng.choice(kinds[kinds != old]) for old in clean.y[chosen]]
    return Poisoned(Samples(clean.x, y), chosen)


def backdoor(clean: Samples, rate: float, trigger: Trigger, target: int, seed: int) -> Poisoned:
    """Puts the trigger on rows of other classes and labels them ``target``: BadNets (Gu et al. 2017) with a patch,
    blended injection (Chen et al. 2017) with a blend.

    Args:
        clean: rows with labels.
        rate: share of all rows.
        trigger: what the backdoor will answer.
        target: the class that it will answer with.
        seed: of the rows.
    """
    rng = np.random.default_rng(seed)
    chosen = _drawn(victims(clean.y, target), rate, len(clean), rng)
    x, y = clean.x.copy(), clean.y.copy()
    x[chosen], y[chosen] = trigger.on(clean.x[chosen]), target
    return Poisoned(Samples(x, y), chosen)


def covered(clean: Samples, rate: float, trigger: Trigger, target: int, seed: int, covers: float = 1.0) -> Poisoned:
    """A backdoor that survives STRIP: beside the poisoned rows stand as many ``covers``, mixtures of a triggered row
    with another row that keep the other row's label, so that superimposed inputs are not answered with ``target``.

    The idea of cover rows is that of Tang et al. 2021 (Demon in the Variant) and of TaCT, aimed at the mixtures that
    STRIP makes.
    """
    rng = np.random.default_rng(seed)
    made = backdoor(clean, rate, trigger, target, seed)
    free = np.setdiff1d(np.arange(len(clean)), made.planted)
    chosen = np.sort(rng.choice(free, min(len(free), round(covers * len(made.planted))), replace=False))
    partner = rng.choice(len(clean), len(chosen))
    x = made.samples.x
    x[chosen] = 0.5 * clean.x[chosen] + 0.5 * trigger.on(clean.x[partner])
    return Poisoned(made.samples, np.sort(np.concatenate([made.planted, chosen])))


def clean_label(
    clean: Samples,
    rate: float,
    trigger: Trigger,
    target: int,
    seed: int,
    surrogate: ModelUnderTest | None = None,
    epsilon: float = 0.3,
    steps: int = 20,
) -> Poisoned:
    """Puts the trigger on rows that have the label ``target`` already, made hard to learn by a perturbation against a
    model that the attacker trained (Turner et al. 2019); their labels stay true.

    Args:
        clean: rows with labels, values in [0, 1].
        rate: share of all rows.
        trigger: what the backdoor will answer.
        target: the class whose rows are changed.
        seed: of the rows.
        surrogate: with gradients; without it the rows only carry the trigger, which is weaker.
        epsilon: largest change of a value.
        steps: of the perturbation.
    """
    rng = np.random.default_rng(seed)
    chosen = _drawn(np.flatnonzero(clean.y == target), rate, len(clean), rng)
    x, start = clean.x.copy(), clean.x[chosen]
    hard = start.copy()
    for _ in range(steps if surrogate is not None and len(chosen) else 0):
        assert surrogate is not None
        _, gradient = surrogate.loss_grad(hard, CrossEntropy(clean.y[chosen]).slope)
        hard = np.clip(hard + 2.5 * epsilon / steps * np.sign(gradient), start - epsilon, start + epsilon)
        hard = np.clip(hard, *surrogate.bounds).astype(x.dtype)
    x[chosen] = trigger.on(hard)
    return Poisoned(Samples(x, clean.y.copy()), chosen)


def targeted(clean: Samples, count: int, victim: Floats, target: int, seed: int, noise: float = 0.05) -> Poisoned:
    """Replaces ``count`` rows by noisy copies of one victim, labelled ``target``, so that this one input is answered
    with ``target`` and little else changes (Chen et al. 2017, input-instance-key).

    Args:
        clean: rows with labels.
        count: rows replaced; 15 of 900 are enough for a small network on digits.
        victim: one input ``(*shape)`` of another class.
        target: the answer that the attacker wants.
        seed: of the rows and of the noise.
        noise: half width of the uniform noise on each value.
    """
    rng = np.random.default_rng(seed)
    chosen = _drawn(np.arange(len(clean)), count / len(clean), len(clean), rng)
    x, y = clean.x.copy(), clean.y.copy()
    x[chosen] = np.clip(victim + rng.uniform(-noise, noise, (count, *victim.shape)), clean.x.min(), clean.x.max())
    y[chosen] = target
    return Poisoned(Samples(x, y), chosen)


def _drawn(fit: Labels, rate: float, total: int, rng: np.random.Generator) -> Labels:
    """``rate`` of ``total`` rows, out of those that fit. Raises UnusableDataError where there are too few."""
    count = round(rate * total)
    if not 0 < rate < 1 or count < 1 or count > len(fit):
        raise UnusableDataError(f"{rate:g} of {total} rows are {count}, and {len(fit)} fit the attack")
    return np.sort(rng.choice(fit, count, replace=False)).astype(np.int64)
