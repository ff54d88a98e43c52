"""The guard of query streams before clients and thieves, calibrated on rows and seeds that are not measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import numpy as np

from bartizan.bench.robustness.extraction_copies import OURS
from bartizan.bench.table import Row
from bartizan.inspection.tensors.calibrate import Rows, calibrate
from bartizan.inspection.tensors.profile import density_of, marks_of
from bartizan.robustness.extraction import streams
from bartizan.robustness.extraction.detection import LENGTH, measured
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.scaled import ScaledTrainer
from bartizan.robustness.extraction.setting import logistic, perceptron
from bartizan.robustness.extraction.streams import Maker, Source
from bartizan.robustness.interface import AuditData, Floats
from bartizan.robustness.models.sklearn import DenseModel

_TRAINED, _CALIBRATED, _MEASURED = slice(0, 8_000), slice(10_000, 18_000), slice(20_000, 50_000)
RATE: Final = 0.01
"""Of benign streams that may be taken for thieves."""
_SEED = 9
_WANTED = 75.0
"""Percent of thieves' streams that are to be seen, where a target is set."""


def rows(data: AuditData, told: Callable[[str], None], benign: int = 500, thieves: int = 12) -> Iterator[Row]:
    """Share of streams of 512 queries that alarm, by kind. Kinds that look like clients have no target."""
    assert data.train is not None
    x, y = data.train.x.reshape(len(data.train.x), -1), data.train.y
    told("training the victim")
    like = _like(x.shape[1])
    victim = ScaledTrainer(perceptron, like, "perceptron").fit(x[_TRAINED], y[_TRAINED], 0)
    low, high = np.array(0.0), np.array(1.0)
    taught = Pool(x[_CALIBRATED], victim.predict_label(x[_CALIBRATED]), low, high)
    pool = Pool(x[_MEASURED], victim.predict_label(x[_MEASURED]), low, high)
    copier = ScaledTrainer(logistic, victim, "logistic regression")
    source = Source(victim, pool, copier, _textures(2_000))
    told("calibrating")
    profile = calibrate(_clients(Source(victim, taught, copier, source.foreign)), "x", 0.005, RATE, 0, "", "")
    kinds: list[tuple[str, Maker, int, bool]] = [
        ("clients drawn from one pool", streams.pool, benign, False),
        ("clients with tastes of their own", streams.benign, benign, False),
    ]
    attacks: tuple[tuple[str, Maker], ...] = (
        ("noise", streams.noise),
        ("independent features", streams.marginal),
        ("surrogate data", streams.foreign),
        ("Jacobian augmentation", streams.jacobian),
    )
    for name, maker in attacks:
        kinds.append((name, maker, thieves, True))
        kinds.append((f"{name}, 20% of a client's stream", streams.mixed(maker, 0.2), thieves, True))
    marks = marks_of(profile)
    for name, maker in (
        ("random steps and noise", streams.unsteady),
        ("a fiftieth of the values anew", streams.speckled),
        *([("knows which values are compared", streams.sidestepping(marks))] if marks is not None else []),
    ):
        kinds.append((f"adaptive: Jacobian augmentation, {name}", maker, thieves, False))
        kinds.append(
            (f"adaptive: the same, 20% of a client's stream, {name}", streams.mixed(maker, 0.2), thieves, False)
        )
    kinds += [
        ("Jacobian augmentation, 10% of a client's stream", streams.mixed(streams.jacobian, 0.1), thieves, False),
        ("noise, 5% of a client's stream", streams.mixed(streams.noise, 0.05), thieves, False),
        ("adaptive: small steps", streams.small_steps, thieves, False),
        ("adaptive: knows the profile", streams.hidden(density_of(profile)), thieves, False),
        ("thief's own rows, uncertain first", streams.uncertain, thieves, False),
    ]
    for name, maker, count, wanted in kinds:
        told(name)
        found = measured(profile, source, maker, count, _SEED)
        row = partial(Row, f"streams taken for extraction: {name}", 100 * found.alarms.value, "%", count)
        low_, high_ = found.alarms.interval
        by = ", ".join(f"{test} {number}" for test, number in sorted(found.by.items()))
        note = f"{by}; median query {found.median_queries} of {LENGTH}" if by else ""
        client = name.startswith("clients")
        target = 100 * RATE if client else _WANTED if wanted else None
        yield row(low=100 * low_, high=100 * high_, note=note, target=target, at_least=wanted, subject=OURS)


def _clients(source: Source, count: int = 100, each: int = 100) -> Rows:
    """What clients with tastes of their own sent, in their order."""
    values = [streams.benign(source, each, np.random.default_rng([2, number])) for number in range(count)]
    x = np.concatenate(values)
    return Rows(x, source.model.predict_label(x), np.repeat(np.arange(count), each))


def _like(width: int) -> DenseModel:
    return DenseModel([np.zeros((width, 10))], [np.zeros(10)], "identity", (width,), (0.0, 1.0))


def _textures(count: int) -> Floats:
    """Pictures of 28 by 28 with the spectrum of natural ones, amplitude falling with frequency, in [0, 1]."""
    rng = np.random.default_rng(1)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(28), np.fft.fftfreq(28)))
    frequency[0, 0] = 1 / 28
    found = np.fft.ifft2(np.fft.fft2(rng.normal(size=(count, 28, 28))) / frequency).real
    low, high = found.min(axis=(1, 2), keepdims=True), found.max(axis=(1, 2), keepdims=True)
    scaled: Floats = ((found - low) / (high - low)).reshape(count, -1)
    return scaled
