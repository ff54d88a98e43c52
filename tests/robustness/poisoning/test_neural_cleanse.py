"""Recovered triggers, the threshold from clean models, and the audit that says what follows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bartizan.reporting.audit import AuditResult, Comparison, Measure, Outcome
from bartizan.robustness.audits.poisoning_backdoor import _verdict
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import AuditContext, AuditData, Effort, ModelUnderTest, Samples
from bartizan.robustness.models.sklearn import DenseModel
from bartizan.robustness.poisoning.calibration import Calibration, anomaly_index
from bartizan.robustness.poisoning.detection import Detection, split
from bartizan.robustness.poisoning.neural_cleanse import Recovered, search
from bartizan.robustness.poisoning.trigger import Trigger
from bartizan.robustness.runner import chosen, run
from bartizan.robustness.training import SklearnTrainer

TARGET = 3
EFFORT = Effort(shadows=8, workers=1)


def audited(
    model: ModelUnderTest, test: Samples, trainer: SklearnTrainer | None, effort: Effort = EFFORT
) -> AuditResult:
    context = AuditContext(model, AuditData(None, test), trainer, effort=effort)
    return next(run(context, chosen(ids=["poisoning.backdoor"])))


def test_the_planted_patch_is_recovered(digits, backdoored) -> None:  # type: ignore[no-untyped-def]
    found = search(backdoored.model, digits.test[:300], seed=0)[TARGET]
    assert found.target == TARGET
    assert found.success > 0.9
    assert found.size < 6
    # Most of the mask lies on the four pixels of the patch and their neighbours, and works on other rows.
    assert found.trigger.mask[0, :3, :3].sum() > 0.6 * found.size
    rest = digits.test[300:]
    x = rest.x[rest.y != TARGET]
    assert (backdoored.model.predict_label(found.trigger.on(x)) == TARGET).mean() > 0.85


def test_a_search_repeats_and_keeps_to_the_bounds(digits, backdoored) -> None:  # type: ignore[no-untyped-def]
    one, other = (search(backdoored.model, digits.test[:200], seed=4, steps=30) for _ in range(2))
    for left, right in zip(one, other, strict=True):
        assert (left.trigger.mask == right.trigger.mask).all()
        assert left.success == right.success
        assert left.trigger.pattern.min() >= 0
        assert left.trigger.pattern.max() <= 1
        assert left.trigger.mask.min() >= 0
        assert left.trigger.mask.max() <= 1


def test_where_no_trigger_works_the_size_is_that_of_an_input() -> None:
    rng = np.random.default_rng(0)
    # Class 2 is never answered, whatever the input: its logit is far below the others.
    model = DenseModel([rng.normal(size=(5, 3)) * [1, 1, 0]], [np.array([0, 0, -1e6])], "identity", (5,), (0.0, 1.0))
    rows = Samples(rng.random((150, 5)), rng.integers(0, 3, 150))
    found = search(model, rows, 0, steps=60)[2]
    assert found.size == 5
    assert found.success == 0
    with pytest.raises(UnusableDataError):
        search(model, rows[:30], 0)


def test_the_threshold_is_a_prediction_of_student_for_the_class_itself() -> None:
    rng = np.random.default_rng(0)
    means = np.array([4.0, 4.5, 3.0])

    def model(sizes: np.ndarray) -> list[Recovered]:
        return [Recovered(i, Trigger(np.ones(1), np.ones(1)), math.exp(size), 1.0) for i, size in enumerate(sizes)]

    for deviations, least in ((np.full(3, 0.2), 0.01), (np.array([0.1, 0.1, 0.4]), 0.005)):
        alarms = 0
        for _ in range(2_000):
            calibration = Calibration(means + deviations * rng.normal(size=(6, 3)))
            alarms += calibration.p_values(model(means + deviations * rng.normal(size=3))).min() <= 0.05
        assert least < alarms / 2_000 < 0.06
    calibration = Calibration(means + 0.2 * rng.normal(size=(14, 3)))
    odd = calibration.p_values(model(means - [0, 1.5, 0]))
    assert odd.argmin() == 1
    assert odd[1] < 1e-4 < odd[2]
    with pytest.raises(UnusableDataError):
        Calibration(np.zeros((3, 3)))
    least, index = anomaly_index(model(np.log([50.0, 60, 55, 45, 10])))
    assert least == 4
    assert index == pytest.approx((50 - 10) / (1.4826 * 5))


def test_a_planted_backdoor_is_weak_and_a_clean_model_is_not(digits, trainer, clean_model, backdoored) -> None:  # type: ignore[no-untyped-def]
    bad = audited(backdoored.model, digits.test, trainer)
    assert bad.outcome is Outcome.WEAK
    assert f"class {TARGET}:" in bad.reason
    assert bad.control is not None
    assert bad.control.succeeded
    success = next(one for one in bad.measures if one.name == "trigger_success")
    assert success.interval is not None
    assert success.interval[0] > 0.8
    assert success.n > 150
    assert {(one.width, one.height, len(one.pixels)) for one in bad.pictures} == {(8, 8, 64)}
    good = audited(clean_model, digits.test, trainer)
    assert good.outcome is Outcome.WITHSTOOD
    assert good.gradients > 0
    assert good.measures[0].value > 0.01
    # Clean models of digits differ by half in the size of a zero's trigger: of that class nothing is promised.
    assert "nothing is known of class 0" in good.reason
    assert any(one.startswith("triggers to class 0") for one in good.untested)


def test_a_small_trigger_that_works_too_seldom_is_no_all_clear() -> None:
    shown = Comparison(what="planted", measure=Measure(name="p_value", value=0.0, n=5, unit="p"))
    found = Detection([], np.array([0.5, 1e-12]), np.array([0, 79]), np.array([100, 100]))
    outcome, _, reason = _verdict(found, shown)
    assert outcome is Outcome.INCONCLUSIVE
    assert "79 of 100 rows" in reason
    clean = Detection([], np.array([0.5, 0.9]), np.array([0, 79]), np.array([100, 100]))
    assert _verdict(clean, shown)[0] is Outcome.WITHSTOOD
    assert _verdict(clean, shown, missing=2)[0] is Outcome.INCONCLUSIVE
    assert "nothing is known of class 0, 6" in _verdict(clean, shown, blind=[0, 6])[2]


def test_flagged_classes_stand_by_how_unlikely_they_are() -> None:
    p_values, hits = np.array([0.5, 1e-3, 1e-9, 1e-12]), np.array([100, 100, 80, 79])
    assert Detection([], p_values, hits, np.full(4, 100)).flagged.tolist() == [2, 1]


def test_what_cannot_be_said_is_inconclusive(digits, trainer, clean_model) -> None:  # type: ignore[no-untyped-def]
    cases = {
        "trainer": audited(clean_model, digits.test, None),
        "test rows": audited(clean_model, digits.test[:300], trainer),
        "clean models": audited(clean_model, digits.test, trainer, Effort(shadows=3, workers=1)),
        "the time for this audit is over": audited(clean_model, digits.test, trainer, Effort(seconds=0, workers=1)),
    }
    for reason, result in cases.items():
        assert result.outcome is Outcome.INCONCLUSIVE
        assert reason in result.reason
    few = digits.test[np.flatnonzero((digits.test.y != 7) | (np.arange(len(digits.test)) < 60))]
    with pytest.raises(UnusableDataError, match="class 7"):
        split(few, 10, 0)
