"""Randomised smoothing beside the undefended model in L2: static and adaptive, and certificates under attack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from bartizan.bench.robustness.evasion_models import CLASSES, SHAPE
from bartizan.bench.table import Row, rate_row
from bartizan.robustness.defences.smoothing import GaussianNoise, Smoothed, certify, lower_bound
from bartizan.robustness.evasion.apgd import apgd
from bartizan.robustness.evasion.ball import Ball, Norm, ball_for
from bartizan.robustness.evasion.ensemble import evade
from bartizan.robustness.evasion.losses import ScaledCrossEntropy
from bartizan.robustness.evasion.square import square
from bartizan.robustness.evasion.stages import plan
from bartizan.robustness.evasion.through_noise import through_noise
from bartizan.robustness.interface import AuditData, Effort, Flags, Floats, Samples
from bartizan.robustness.losses import CrossEntropy

if TYPE_CHECKING:
    from bartizan.robustness.models.torch import TorchModel

SIGMA: Final = 0.25
RADII: Final = (0.25, 0.5)
ATTACKED: Final = 0.5
SURE: Final = 0.001
_DRAWS, _STEPS, _VOTES = 16, 20, 1_000
_NAME: Final = f"smoothed, σ {SIGMA:g}"


def noisy(data: AuditData, rows: int = 20_000) -> TorchModel:
    """A model trained under the noise that smoothing adds."""
    from bartizan.robustness.models.torch import TorchModel
    from bartizan.robustness.models.torch_training import TorchTrainer, small_cnn

    assert data.train is not None
    trainer = TorchTrainer(
        partial(small_cnn, width=8), SHAPE, CLASSES, epochs=4, name="trained under noise", perturb=GaussianNoise(SIGMA)
    )
    made = trainer.fit(data.train.x[:rows], data.train.y[:rows], 0)
    assert isinstance(made, TorchModel)
    return made


def attacked(data: AuditData, plain: TorchModel, rows: int, progress: Callable[[str], None]) -> Iterator[Row]:
    """The undefended model, the one trained under noise without votes, and the smoothed one."""
    progress("training under noise")
    base, samples = noisy(data), data.test[: min(rows, 300)]
    ball = ball_for(plain, Norm.L2, ATTACKED)
    what = f"L2 {ATTACKED:g}"
    static = apgd(
        plain.loss_grad, samples.x, samples.y, ScaledCrossEntropy(samples.y), ball, 50, np.random.default_rng(0)
    )
    for name, model in (("undefended", plain), ("trained under noise, no votes", base)):
        progress(f"{name}: {what}")
        right = model.predict_label(samples.x) == samples.y
        yield rate_row(name, f"accuracy, {what}", right.tolist())
        yield rate_row(name, f"static, {what}", (right & (model.predict_label(static) == samples.y)).tolist())
        known = evade(model, samples, ball, plan(model, Effort(), samples.x, samples.y), 0).robust
        yield rate_row(name, f"adaptive, {what}", known.tolist())
    smooth = Smoothed(base, SIGMA, 100, 0)
    progress(f"{_NAME}: {what}")
    right = smooth.predict_label(samples.x) == samples.y
    yield rate_row(_NAME, f"accuracy, {what}", right.tolist())
    unknown = right & ~lost(smooth, static, samples)
    yield rate_row(_NAME, f"static, {what}", unknown.tolist())
    # Gradients of the model without its noise: an attacker who overlooks the defence.
    blind = apgd(base.loss_grad, samples.x, samples.y, CrossEntropy(samples.y), ball, 50, np.random.default_rng(1))
    without = unknown & ~lost(smooth, blind, samples)
    yield rate_row(_NAME, f"gradients past the noise, {what}", without.tolist())
    progress(f"{_NAME}: through the noise")
    known = right & ~lost(smooth, through(base, samples, ball), samples) & without
    yield rate_row(_NAME, f"adaptive, {what}", known.tolist())
    progress(f"{_NAME}: Square on votes")
    left = np.flatnonzero(unknown)
    tried = square(Smoothed(base, SIGMA, 50, 1), samples.x[left], samples.y[left], ball, 100, np.random.default_rng(2))
    held = unknown.copy()
    held[left] = ~lost(smooth, tried, samples[left])
    yield rate_row(_NAME, f"without gradients, {what}", held.tolist())


def certified(data: AuditData, plain: TorchModel, rows: int, progress: Callable[[str], None]) -> Iterator[Row]:
    """Rows certified at each radius, attacked within it through the noise: none may change for sure."""
    progress("certificates")
    base, samples = noisy(data), data.test[: min(rows, 200)]
    for name, model in (("undefended", plain), (_NAME, base)):
        found = certify(model, samples.x, SIGMA, 0, votes=_VOTES)
        right = found.label == samples.y
        for radius in RADII:
            held = right & (found.radius >= radius)
            yield rate_row(name, f"certified, L2 {radius:g}", held.tolist())
            if model is base:
                some = samples[np.flatnonzero(held)]
                progress(f"certified rows attacked within {radius:g}")
                ball = ball_for(base, Norm.L2, radius)
                broken = lost(Smoothed(base, SIGMA, 100, 0), through(base, some, ball), some)
                yield rate_row(name, f"of these broken within L2 {radius:g}", broken.tolist())


def through(base: TorchModel, samples: Samples, ball: Ball) -> Floats:
    """APGD on gradients of the mean answer under noise."""
    rng = np.random.default_rng(3)
    oracle = through_noise(base, SIGMA, _DRAWS, rng)
    return apgd(oracle, samples.x, samples.y, CrossEntropy(samples.y), ball, _STEPS, rng)


def lost(smooth: Smoothed, x: Floats, samples: Samples) -> Flags:
    """``(n,)``: rows whose class fresh votes deny, with one error in a thousand: chance of few votes is no attack."""
    found = np.zeros(len(x), bool)
    for row in range(len(x)):
        votes = smooth.votes(x[row], _VOTES)
        found[row] = lower_bound(int(votes.sum() - votes[samples.y[row]]), _VOTES, SURE) > 0.5
    return found
