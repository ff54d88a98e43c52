"""Membership audits: a model that remembers is found, one that cannot is not, and bad setups are inconclusive."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.interface import (
    Access,
    AuditContext,
    AuditData,
    Effort,
    Floats,
    Labels,
    ModelUnderTest,
    Samples,
)
from bartizan.robustness.losses import CrossEntropy
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.parzen import ParzenTrainer
from bartizan.robustness.privacy import game, shadows, verdict
from bartizan.robustness.privacy.limits import LabelModel
from bartizan.robustness.runner import chosen, known, run
from bartizan.robustness.training import SklearnTrainer

SHADOWED = ["membership.bavaria", "membership.lira", "membership.rmia"]
PLAIN = ["membership.loss", "membership.labels"]
rng = np.random.default_rng(3)
CENTRES = rng.normal(size=(4, 12))


def rows(n: int) -> Samples:
    y = rng.integers(0, 4, n)
    return Samples(CENTRES[y] + 2 * rng.normal(size=(n, 12)), y.astype(np.int64))


DATA = AuditData(rows(400), rows(700))
"""Few rows: what is remembered of them shows."""
PLENTY = AuditData(rows(3000), rows(700))
"""So many that 52 coefficients remember next to nothing of each: the shift of a row's own score by itself is about
``sqrt(coefficients / rows)`` of its spread."""
assert DATA.train is not None
EFFORT = Effort(samples=200, shadows=8, workers=1, seconds=60)


def linear(seed: int) -> LogisticRegression:
    return LogisticRegression(C=0.01, random_state=seed)


LINEAR = SklearnTrainer(linear, (12,), 4)
MEMORY = ParzenTrainer(DATA.train.x, 4, narrow=0.7)


def context(trainer: object, data: AuditData = DATA, effort: Effort = EFFORT) -> AuditContext:
    train = data.train or data.test
    return AuditContext(trainer.fit(train.x, train.y, 7), data, trainer, effort=effort)  # type: ignore[attr-defined]


def audited(given: AuditContext, ids: list[str]) -> list[AuditResult]:
    return list(run(given, chosen(ids=ids)))


def test_a_model_that_remembers_is_found_by_each_attack() -> None:
    for result in audited(context(MEMORY), SHADOWED + PLAIN):
        assert result.outcome is Outcome.WEAK, result
        assert result.control is not None
        assert result.control.succeeded
        assert not any(baseline.succeeded for baseline in result.baselines)
        assert {"auc", "smallest_fpr", "tied"} <= {measure.name.rpartition("/")[2] for measure in result.measures}
        assert all(measure.interval for measure in result.measures if "auc" in measure.name or "tpr" in measure.name)
        assert result.curves
        assert result.queries


def test_a_model_that_cannot_remember_withstands_but_a_threshold_alone_does_not_say_so() -> None:
    many = replace(context(LINEAR, PLENTY), effort=replace(EFFORT, samples=600))
    results = {result.audit: result for result in audited(many, SHADOWED + PLAIN)}
    for name in SHADOWED:
        assert results[name].outcome is Outcome.WITHSTOOD, results[name]
        assert results[name].control is not None
    for name in PLAIN:
        assert results[name].outcome is Outcome.INCONCLUSIVE
        assert "membership.lira" in results[name].reason


def test_few_rows_and_shadow_models_that_time_ended_do_not_reassure() -> None:
    few = replace(context(LINEAR, PLENTY), effort=replace(EFFORT, samples=60))
    (wide,) = audited(few, ["membership.rmia"])
    assert wide.outcome is Outcome.INCONCLUSIVE
    assert "use more rows" in wide.reason
    given = context(LINEAR, PLENTY)
    key = f"shadows of {EFFORT.samples} rows"
    played, made = shadows.of_context(given)
    given.shared[key] = played, made._replace(wanted=16)
    (short,) = audited(given, ["membership.rmia"])
    assert short.outcome is Outcome.INCONCLUSIVE
    assert "8 of 16 shadow models" in short.reason


def test_triage_trains_nothing_and_never_reassures() -> None:
    weak, firm = (
        audited(replace(context(trainer, data), trainer=None), ["membership.triage"])[0]
        for trainer, data in ((MEMORY, DATA), (LINEAR, PLENTY))
    )
    assert weak.outcome is Outcome.WEAK
    assert firm.outcome is Outcome.INCONCLUSIVE
    assert firm.control is not None
    assert any("by themselves" in line for line in firm.untested)


def test_a_weak_model_of_the_auditor_is_the_control() -> None:
    (result,) = audited(replace(context(LINEAR, PLENTY), weak=context(LINEAR, PLENTY).model), ["membership.triage"])
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "the attack fails on" in result.reason


def test_shadow_models_are_trained_once_for_all_audits() -> None:
    given = context(LINEAR)
    fitted: list[int] = []

    class Counting:
        name = "counting"

        def fit(self, x: np.ndarray, y: np.ndarray, seed: int) -> object:
            fitted.append(len(x))
            return LINEAR.fit(x, y, seed)

    audited(replace(given, trainer=Counting()), SHADOWED)  # type: ignore[arg-type]
    assert len(fitted) == 9
    assert set(fitted) == {400}, "each shadow model sees as many rows as the model under test"


def test_training_and_test_rows_that_differ_by_themselves_are_inconclusive() -> None:
    assert DATA.train is not None
    wrong = np.where(rng.random(700) < 0.4, rng.integers(0, 4, 700), DATA.test.y)
    moved = AuditData(DATA.train, Samples(DATA.test.x, wrong))
    for result in audited(context(LINEAR, moved), SHADOWED + PLAIN):
        assert result.outcome is Outcome.INCONCLUSIVE
        assert "differ by themselves" in result.reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": AuditData(None, DATA.test)}, "rows that the model was trained on"),
        ({"data": AuditData(DATA.train[:60], DATA.test)}, "30 members"),
        ({"trainer": None}, "give a trainer"),
        ({"effort": Effort(samples=200, shadows=8, seconds=0)}, "membership.triage"),
    ],
)
def test_what_cannot_be_said_is_inconclusive_with_its_reason(change: dict[str, object], said: str) -> None:
    (result,) = audited(replace(context(LINEAR), **change), ["membership.lira"])  # type: ignore[arg-type]
    assert result.outcome is Outcome.INCONCLUSIVE
    assert said in result.reason


class Unhurried:
    """Trains, and says that it took a minute."""

    name = "unhurried"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: self._now)

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        self._now += 60
        return LINEAR.fit(x, y, seed)


@pytest.mark.parametrize("audit", SHADOWED)
@pytest.mark.parametrize("seconds", [0.0, 1e-9, 70.0, 100.0])
def test_where_no_shadow_models_fit_the_audit_that_trains_none_is_named(
    audit: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = replace(
        context(LINEAR),
        trainer=Unhurried(monkeypatch),
        effort=Effort(samples=200, shadows=8, seconds=seconds, workers=1),
    )
    (result,) = audited(given, [audit])
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "seconds" in result.reason
    assert result.reason.endswith("or run membership.triage, which trains none)"), result.reason
    assert "membership.triage" in known()


def test_a_model_with_one_answer_is_inconclusive() -> None:
    constant = SklearnTrainer(lambda seed: DummyClassifier(strategy="prior"), (12,), 4)
    for result in audited(context(constant), [*SHADOWED, *PLAIN, "membership.triage", "attribute.inference"]):
        assert result.outcome is Outcome.INCONCLUSIVE
        assert "the class" in result.reason or "do not differ" in result.reason


def test_an_attack_whose_control_fails_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "target_rows", lambda played: played.pool[played.population])
    for result in audited(context(LINEAR), ["membership.lira", "membership.loss"]):
        assert result.outcome is Outcome.INCONCLUSIVE
        assert "remembers every row" in result.reason


def test_labels_alone_are_not_enough_for_scores() -> None:
    given = context(MEMORY)
    for model in (MeteredModel(given.model, Access.LABELS), LabelModel(given.model)):
        labels, scores = audited(replace(given, model=model), ["membership.labels", "membership.lira"])
        assert scores.outcome is Outcome.INCONCLUSIVE
        assert "needs access to scores" in scores.reason
        assert labels.outcome is Outcome.WEAK


def test_rows_of_the_game_do_not_overlap_and_copies_are_left_out() -> None:
    assert DATA.train is not None
    copied = AuditData(
        DATA.train, Samples(np.concatenate([DATA.test.x, DATA.train.x[:50]]), np.append(DATA.test.y, DATA.train.y[:50]))
    )
    played = game.game(copied, 150, 1)
    parts = [played.attacked, played.population, played.rest]
    together = np.concatenate(parts)
    assert len(np.unique(together)) == len(together) == 400 + 700
    assert played.duplicates == 50
    assert (played.attacked[played.member] < 400).all()
    assert (played.attacked[~played.member] >= 400).all()
    assert (played.attacked < 1100).all()


def test_every_row_trains_half_of_the_shadow_models() -> None:
    played = game.game(DATA, 100, 0)
    found = shadows.train(LINEAR, played, 6, 60, 1, 0, {"c": lambda model, x, y: model.logits(x)[:, 0]})
    assert (found.keep.sum(axis=0) == 3).all()
    assert found.signals["c"].shape == (6, len(played.x))
    again = shadows.train(LINEAR, played, 6, 60, 1, 0, {"c": lambda model, x, y: model.logits(x)[:, 0]})
    assert (again.signals["c"] == found.signals["c"]).all()


def test_gradients_of_the_memorising_model_are_those_of_finite_differences() -> None:
    model = MEMORY.fit(DATA.test.x[:60], DATA.test.y[:60], 0)
    x, y = rows(5).x, np.array([0, 1, 2, 3, 0])
    loss = CrossEntropy(y)
    _, gradient = model.loss_grad(x, loss.slope)
    for column in range(12):
        step = np.zeros(12)
        step[column] = 1e-6
        slope = (loss.value(model.logits(x + step)) - loss.value(model.logits(x - step))) / 2e-6
        assert gradient[:, column] == pytest.approx(slope, abs=1e-4, rel=1e-4)
