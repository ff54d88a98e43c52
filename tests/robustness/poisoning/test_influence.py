"""Influence of training rows: against retraining without each of them, on planted rows, and as an audit."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.errors import NotApplicableError, TimeSpentError, UnusableDataError, UnusableModelError
from bartizan.robustness.interface import AuditContext, AuditData, Effort, Samples
from bartizan.robustness.poisoning import influence
from bartizan.robustness.poisoning.behaviour import triggered
from bartizan.robustness.poisoning.influence import fit_head, head_of
from bartizan.robustness.poisoning.injectors import backdoor, targeted
from bartizan.robustness.poisoning.trigger import blend
from bartizan.robustness.runner import chosen, run
from bartizan.robustness.training import SklearnTrainer

SHAPE, TARGET = (1, 8, 8), 3


def audited(train: Samples, digits, trainer: SklearnTrainer, **options: str) -> AuditResult:  # type: ignore[no-untyped-def]
    model = trainer.fit(train.x, train.y, 0)
    context = AuditContext(model, AuditData(train, digits.test), trainer, effort=Effort(workers=1), options=options)
    return next(run(context, chosen(ids=["poisoning.influence"])))


def test_the_head_is_the_optimum_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    chance = np.random.default_rng(0)
    x, y = chance.normal(size=(200, 6)), chance.integers(0, 3, 200)
    head = fit_head(x, y, 3, decay=0.05)
    other = LogisticRegression(C=1 / (0.05 * 200), tol=1e-10, max_iter=5_000).fit(x, y)
    assert np.allclose(head.weights[:-1].T, other.coef_, atol=1e-5)
    assert np.allclose(head.logits(x) - head.logits(x).mean(1, keepdims=True), other.decision_function(x), atol=1e-5)


@pytest.mark.parametrize("contrast", [False, True])
def test_influence_is_what_leaving_a_row_out_does(contrast: bool) -> None:
    chance = np.random.default_rng(1)
    centres = chance.normal(size=(3, 5)) * 1.5
    y = chance.integers(0, 3, 120)
    x = centres[y] + chance.normal(size=(120, 5))
    inputs, wanted, otherwise = chance.normal(size=(7, 5)) * 2, np.full(7, 1), np.array([0, 2, 0, 2, 0, 2, 0])
    without = inputs - 1.0 if contrast else None
    head = fit_head(x, y, 3, decay=0.02)
    found = head.support(inputs, wanted, otherwise, without)

    def margin(rows: np.ndarray) -> float:
        left = fit_head(x[rows], y[rows], 3, decay=0.02)
        logits = left.logits(inputs) - (0 if without is None else left.logits(without))
        return float((logits[np.arange(7), wanted] - logits[np.arange(7), otherwise]).mean())

    whole = np.arange(120)
    true = np.array([margin(whole) - margin(np.delete(whole, row)) for row in whole])
    assert np.corrcoef(found, true)[0, 1] > 0.99
    assert np.abs(found - true).max() < 0.25 * np.abs(true).max()


@pytest.mark.parametrize("kind", ["patch", "blended", "targeted"])
def test_planted_rows_are_what_the_behaviour_rests_on(digits, trainer, backdoored, kind: str) -> None:  # type: ignore[no-untyped-def]
    if kind == "targeted":
        victim = digits.test.x[0]
        made = targeted(digits.train, 15, victim, (int(digits.test.y[0]) + 1) % 10, 3)
        model = trainer.fit(made.samples.x, made.samples.y, 0)
        wanted, other = made.samples.y[made.planted[:1]], digits.test.y[:1]
        support = head_of(model, made.samples).support(model.features(digits.test.x[:1]), wanted, other)
    else:
        trigger = backdoored.trigger if kind == "patch" else blend(SHAPE, 0.3, 1)
        made = backdoored.poisoned if kind == "patch" else backdoor(digits.train, 0.05, trigger, TARGET, 1)
        model = trainer.fit(made.samples.x, made.samples.y, 0)
        support = triggered(digits.test[:300], trigger, TARGET).support(head_of(model, made.samples), model)
    top = np.argsort(-support)[: len(made.planted)]
    assert np.isin(top, made.planted).mean() >= 0.8


def test_a_trigger_goes_with_the_rows_that_it_rests_on(digits, trainer, backdoored) -> None:  # type: ignore[no-untyped-def]
    train = backdoored.poisoned.samples
    result = audited(train, digits, trainer)
    assert result.outcome is Outcome.WEAK, result.reason
    assert result.measures[0].name == "behaviour_left"
    assert result.measures[0].value < 0.5 * result.baselines[0].measure.value
    assert result.baselines[0].measure.value > 0.7
    assert result.control is not None
    assert result.control.succeeded
    assert np.isin(result.suspects, backdoored.poisoned.planted).mean() >= 0.8
    first = result.named[0]
    assert first.digest == hashlib.sha256(np.ascontiguousarray(train.x[first.row], "<f4").tobytes()).hexdigest()
    assert first.label == TARGET
    assert first.weight == max(one.weight for one in result.named)


def test_the_answer_to_one_input(digits, trainer) -> None:  # type: ignore[no-untyped-def]
    victim = 7
    wrong = (int(digits.test.y[victim]) + 1) % 10
    made = targeted(digits.train, 15, digits.test.x[victim], wrong, 3)
    result = audited(made.samples, digits, trainer, row=str(victim))
    assert result.outcome is Outcome.WEAK, result.reason
    assert np.isin(result.suspects, made.planted).mean() >= 0.8
    honest = audited(digits.train, digits, trainer, row=str(victim))
    assert honest.outcome is not Outcome.WEAK, honest.reason
    assert honest.suspects == ()


def test_without_a_suspect_there_is_nothing_to_ask(digits, trainer) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotApplicableError, match="row=N"):
        audited(digits.train, digits, trainer)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"row": "x"}, "not the number"), ({"row": "9000"}, "no test row"), ({"row": "1", "count": "0"}, "count"),
     ({"row": "1", "count": "9" * 40}, "count"), ({"row": "٣"}, "not the number")],
)  # fmt: skip
def test_options_that_name_nothing(digits, trainer, options: dict[str, str], said: str) -> None:  # type: ignore[no-untyped-def]
    result = audited(digits.train, digits, trainer, **options)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert said in result.reason


def test_features_that_are_none_or_too_many_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
    for odd in (np.nan, np.inf):
        broken = x.copy()
        broken[3, 1] = odd
        with pytest.raises(UnusableModelError, match="NaN or infinite"):
            fit_head(broken, y, 3)
    monkeypatch.setattr(influence, "LARGEST", 100)
    with pytest.raises(UnusableDataError, match="30 rows of 4 features"):
        fit_head(x, y, 3)


@pytest.mark.parametrize("x", [np.zeros((30, 4)), np.ones((30, 1)), np.full((30, 2), 1e8), np.eye(30)[:, :4] * 1e-12])
def test_features_that_tell_nothing_give_numbers(x: np.ndarray) -> None:
    head = fit_head(x, np.arange(30) % 3, 3)
    found = head.support(x[:5], np.zeros(5, int), np.ones(5, int))
    assert np.isfinite(found).all()


def test_time_that_is_over_ends_it() -> None:
    def over() -> None:
        raise TimeSpentError("cut short")

    x, y = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    with pytest.raises(TimeSpentError):
        fit_head(x, y, 3, in_time=over)
    with pytest.raises(TimeSpentError):
        fit_head(x, y, 3).support(x[:2], y[:2], (y[:2] + 1) % 3, in_time=over)
