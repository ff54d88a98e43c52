"""``--seconds`` binds every audit, and what it cut short never says "withstood"."""

from __future__ import annotations

import time
from functools import lru_cache

import numpy as np
import pytest

from bartizan.reporting.audit import Outcome
from bartizan.robustness import runner
from bartizan.robustness.errors import BudgetSpentError, NotApplicableError
from bartizan.robustness.gallery.recipes import recipe
from bartizan.robustness.interface import (
    AuditContext,
    AuditData,
    Effort,
    Floats,
    Labels,
    ModelUnderTest,
    Samples,
    Slope,
    Trainer,
)
from bartizan.robustness.metered import MeteredModel

SECONDS = 60.0
TABLES = ("attribute.inference", "evasion.tabular")


class Clock:
    """Stands still but for what is asked of it: the machine's load decides nothing here."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Slow:
    """A model that takes a moment for each question, as one behind a network does."""

    def __init__(self, model: ModelUnderTest, clock: Clock, pause: float) -> None:
        self._model, self._clock, self._pause = model, clock, pause
        self.name, self.digest, self.shape, self.classes = model.name, "", model.shape, model.classes
        self.access, self.bounds = model.access, model.bounds

    def _asked(self) -> ModelUnderTest:
        self._clock.now += self._pause
        return self._model

    def predict_label(self, x: Floats, /) -> Labels:
        return self._asked().predict_label(x)

    def predict_proba(self, x: Floats, /) -> Floats:
        return self._asked().predict_proba(x)

    def logits(self, x: Floats, /) -> Floats:
        return self._asked().logits(x)

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        return self._asked().loss_grad(x, slope)

    def features(self, x: Floats, /) -> Floats:
        return self._asked().features(x)


class SlowTrainer:
    """Takes its time."""

    name = "slow trainer"

    def __init__(self, trainer: Trainer, clock: Clock, pause: float) -> None:
        self._trainer, self._clock, self._pause = trainer, clock, pause

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        self._clock.now += self._pause
        return self._trainer.fit(x[:300], y[:300], seed)


@lru_cache
def ground(name: str) -> tuple[AuditData, ModelUnderTest, Trainer]:
    one = recipe(name)
    rows = one.rows()
    return rows, one.train(rows), one.trainer()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


def context(name: str, clock: Clock, pause: float, fit: float) -> AuditContext:
    rows, model, trainer = ground(name)
    effort = Effort(samples=60, queries=200, steps=50, shadows=8, seconds=SECONDS, workers=1)
    return AuditContext(MeteredModel(Slow(model, clock, pause)), rows, SlowTrainer(trainer, clock, fit), effort=effort)


@pytest.mark.parametrize(("pause", "fit"), [(2.0, 1.0), (0.01, 25.0)], ids=["slow answers", "slow training"])
@pytest.mark.parametrize("audit", sorted(runner.known()))
def test_no_audit_outlasts_its_time_by_more_than_a_step_or_says_then_that_the_model_withstood(
    clock: Clock, audit: str, pause: float, fit: float
) -> None:
    asked = context("wine-linear" if audit in TABLES else "digits-regularised", clock, pause, fit)
    try:
        result = runner.result(runner.known()[audit], asked)
    except NotApplicableError:
        assert audit == "poisoning.cleanse"  # no row was named, so there is nothing to set aside
        return
    assert result.seconds <= 1.25 * SECONDS + 3 * fit, result.reason
    assert result.outcome is not Outcome.WITHSTOOD or result.seconds <= SECONDS, result.reason


def test_a_column_for_which_no_time_is_left_is_named(clock: Clock) -> None:
    asked = context("wine-linear", clock, 3.0, 0.0)
    result = runner.result(runner.known()["attribute.inference"], asked)
    assert result.outcome is not Outcome.WITHSTOOD
    assert "no time was left" in f"{result.untested} {result.reason}"


def test_more_equations_than_fit_into_the_time_are_not_begun() -> None:
    rng = np.random.default_rng(0)
    rows = Samples(rng.random((300, 900)), rng.integers(0, 10, 300))

    class Wide(Slow):
        def predict_label(self, x: Floats, /) -> Labels:
            return (x[:, :10].argmax(axis=1)).astype(np.int64)

    _, model, _ = ground("digits-regularised")
    wide = Wide(model, Clock(), 0)
    wide.shape, wide.access = (900,), type(wide.access)("labels")
    asked = AuditContext(MeteredModel(wide), AuditData(None, rows), effort=Effort(seconds=3))
    began = time.monotonic()
    result = runner.result(runner.known()["extraction.equation"], asked)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "unknowns take about" in result.reason
    assert time.monotonic() - began < 20


def test_the_meter_answers_nothing_after_its_time() -> None:
    _, model, _ = ground("digits-regularised")
    metered = MeteredModel(model, until=time.monotonic() - 1)
    with pytest.raises(BudgetSpentError, match="time"):
        metered.predict_label(np.zeros((1, 1, 8, 8)))
    assert metered.queries == 0
