"""Streams are what they say, and the guard is measured on rows that taught it nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bartizan.inspection.tensors.calibrate import Rows, calibrate
from bartizan.inspection.tensors.density import fit
from bartizan.inspection.tensors.steps import choose
from bartizan.robustness.extraction import streams
from bartizan.robustness.extraction.detection import measured
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.scaled import ScaledTrainer
from bartizan.robustness.extraction.streams import Maker, Source
from bartizan.robustness.interface import Floats
from bartizan.robustness.models.sklearn import DenseModel

rng = np.random.default_rng(0)
BASIS = rng.normal(size=(4, 12))
VICTIM = DenseModel([rng.normal(size=(12, 3))], [np.zeros(3)], "identity", (12,), name="victim")


def drawn(count: int, seed: int) -> Floats:
    local = np.random.default_rng(seed)
    return local.normal(size=(count, 4)) @ BASIS + 0.2 * local.normal(size=(count, 12))


def logistic(seed: int) -> Any:
    return LogisticRegression(max_iter=50, random_state=seed)


def source(seed: int) -> Source:
    x = drawn(3_000, seed)
    pool = Pool(x, VICTIM.predict_label(x), np.array(-np.inf), np.array(np.inf))
    return Source(VICTIM, pool, ScaledTrainer(logistic, VICTIM, "logistic"), 3 * rng.normal(size=(200, 12)))


SOURCE = source(1)
EVERY: dict[str, Maker] = {
    "benign": streams.benign,
    "noise": streams.noise,
    "marginal": streams.marginal,
    "foreign": streams.foreign,
    "pool": streams.pool,
    "uncertain": streams.uncertain,
    "jacobian": streams.jacobian,
    "small": streams.small_steps,
    "hidden": streams.hidden(fit(SOURCE.pool.x)),
    "unsteady": streams.unsteady,
    "speckled": streams.speckled,
    "sidestepping": streams.sidestepping(choose(SOURCE.pool.x, 3_000, 1)),
    "mixed": streams.mixed(streams.noise, 0.2),
}


@pytest.mark.parametrize("kind", list(EVERY))
def test_a_seed_gives_one_stream_of_the_length_that_was_asked(kind: str) -> None:
    one, again, other = (EVERY[kind](SOURCE, 130, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert one.shape == (130, 12)
    assert np.isfinite(one).all()
    assert (one == again).all()
    assert not (one == other).all()


def test_a_fifth_of_a_mixed_stream_is_the_thiefs() -> None:
    known = {row.tobytes() for row in SOURCE.pool.x}
    rows = streams.mixed(streams.noise, 0.2)(SOURCE, 200, np.random.default_rng(0))
    assert sum(row.tobytes() not in known for row in rows) == 40


def test_clients_differ_in_classes_and_repeat_themselves() -> None:
    shares = []
    for seed in range(8):
        rows = streams.benign(SOURCE, 400, np.random.default_rng(seed))
        assert len(np.unique(rows, axis=0)) < 395
        shares.append(np.bincount(VICTIM.predict_label(rows), minlength=3) / 400)
    assert np.std(shares, axis=0).max() > 0.08


def test_the_guard_is_measured_on_fresh_streams() -> None:
    known = source(2)
    profile = calibrate(Rows(known.pool.x, known.pool.y), "x", 0.01, 0.01, 0, "", "", resamples=20)
    clients = measured(profile, SOURCE, streams.pool, 12, 5, length=140)
    noise = measured(profile, SOURCE, streams.foreign, 6, 5, length=140)
    assert clients.alarms.successes <= 2
    assert noise.alarms.successes == noise.alarms.n == 6
    assert noise.median_queries == 64
    assert sum(noise.by.values()) == 6
