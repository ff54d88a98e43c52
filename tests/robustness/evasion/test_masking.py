"""Hidden gradients are recognised, broken, and told from gradients that are harmless; labels alone are enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.auditor import Auditor
from bartizan.robustness.errors import BudgetSpentError
from bartizan.robustness.evasion import masking as looking
from bartizan.robustness.evasion.ball import Norm, ball_for, sizes
from bartizan.robustness.evasion.chance import Voting, by_chance
from bartizan.robustness.evasion.ensemble import Evasion
from bartizan.robustness.evasion.hopskipjump import hopskipjump
from bartizan.robustness.evasion.opaque import Rounded
from bartizan.robustness.evasion.stages import Stage, Try
from bartizan.robustness.evasion.transfer import surrogate, transferred
from bartizan.robustness.interface import (
    Access,
    AuditContext,
    AuditData,
    Effort,
    Floats,
    ModelUnderTest,
    Samples,
    Slope,
)
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.models.base import BaseModel
from bartizan.robustness.models.sklearn import DenseModel, from_estimator
from bartizan.robustness.runner import chosen, run

X, Y = load_digits(return_X_y=True)
X = X / 16
DATA = AuditData(Samples(X[:1200], Y[:1200]), Samples(X[1200:], Y[1200:]))
EFFORT = Effort(samples=80, queries=300, steps=20)


@pytest.fixture(scope="module")
def network() -> DenseModel:
    fitted = MLPClassifier((32,), max_iter=200, tol=1e-3, random_state=0).fit(X[:1200], Y[:1200])
    found = from_estimator(fitted, (64,), 10, (0.0, 1.0), "digits")
    assert isinstance(found, DenseModel)
    return found


def masking(model: ModelUnderTest) -> tuple[AuditResult, dict[str, float]]:
    context = AuditContext(model, DATA, effort=EFFORT, options={"epsilon": "0.12", "votes": "6"})
    (found,) = run(context, chosen(ids=["evasion.masking"]))
    return found, {measure.name: measure.value for measure in found.measures}


def test_an_open_model_is_not_called_masked(network: DenseModel) -> None:
    found, figures = masking(network)
    assert found.outcome is Outcome.WITHSTOOD, found.reason
    assert found.control is not None
    assert found.control.succeeded
    assert figures["robust_accuracy_adaptive"] <= figures["robust_accuracy_textbook"]
    assert figures["rows_without_gradient"] == 0


def test_rounded_inputs_are_called_masked_and_broken(network: DenseModel) -> None:
    _, open_figures = masking(network)
    for known in (False, True):
        found, figures = masking(Rounded(network, 32, known))
        assert found.outcome is Outcome.WEAK
        assert "masked" in found.reason
        assert figures["robust_accuracy_textbook"] > 0.9
        assert figures["robust_accuracy_adaptive"] < open_figures["robust_accuracy_adaptive"] + 0.15


def test_saturated_logits_are_called_masked(network: DenseModel) -> None:
    weights, biases = (
        [*network.weights[:-1], network.weights[-1] * 1e4],
        [*network.biases[:-1], network.biases[-1] * 1e4],
    )
    found, figures = masking(DenseModel(weights, biases, "relu", (64,), (0.0, 1.0), "loud"))
    assert found.outcome is Outcome.WEAK
    assert figures["robust_accuracy_textbook"] > figures["robust_accuracy_adaptive"] + 0.3
    assert figures["rows_without_gradient"] > 0.5


AUDITS = ("evasion.linf", "evasion.masking")


@pytest.mark.parametrize("audits", [AUDITS, AUDITS[:1]])
def test_no_figure_beside_masked_gradients_reassures(network: DenseModel, audits: tuple[str, ...]) -> None:
    """The open model holds at this radius, in the same audits; behind rounding nobody could tell by its gradients."""
    auditor = Auditor(audits=audits, effort=replace(EFFORT, samples=150, workers=1), options={"epsilon": "0.01"})
    told = auditor.audit(network, DATA).results[0]
    assert told.outcome is Outcome.WITHSTOOD, told.reason
    assert not any("masked" in one for one in told.untested)
    hidden = auditor.audit(Rounded(network, 8), DATA).results[0]
    assert hidden.outcome is Outcome.INCONCLUSIVE
    assert "rows evaded" in hidden.reason
    assert "masked" in hidden.reason
    assert "evasion.masking" in hidden.reason
    assert any("masked" in one and "upper bounds" in one for one in hidden.untested)


def test_rows_that_scores_alone_break_are_a_hint_unless_gradients_were_cut_short(network: DenseModel) -> None:
    rows = np.ones(100, bool)
    seen = Evasion(X[:100], rows, rows & (np.arange(100) >= 40), {"apgd-ce": 80, "square": 60})
    seen.robust[:20] = False
    samples = Samples(X[:100], Y[:100])
    (said,) = looking.suspected(network, samples, seen)
    assert "break 20 rows" in said
    assert looking.suspected(MeteredModel(network, Access.SCORES), samples, seen) == ()
    seen.unfinished["square"] = "the time is over"
    assert looking.suspected(network, samples, seen)
    seen.unfinished["apgd-ce"] = "the time is over"
    assert looking.suspected(network, samples, seen) == ()


class Noisy(BaseModel):
    """Adds noise to each input before it looks."""

    access = Access.GRADIENTS

    def __init__(self, model: DenseModel, width: float) -> None:
        super().__init__("noisy", model.shape, model.classes, model.bounds)
        self._model, self._width, self._rng = model, width, np.random.default_rng(0)

    def _moved(self, x: Floats) -> Floats:
        return x + self._width * self._rng.standard_normal(x.shape)

    def predict_proba(self, x: Floats, /) -> Floats:
        return self._model.predict_proba(self._moved(x))

    def logits(self, x: Floats, /) -> Floats:
        return self._model.logits(self._moved(x))

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        return self._model.loss_grad(self._moved(x), slope)


def test_a_model_that_answers_by_chance_is_judged_by_its_majority(network: DenseModel) -> None:
    noisy = Noisy(network, 0.25)
    assert by_chance(noisy, X[:9])
    assert not by_chance(network, X[:9])
    found, figures = masking(noisy)
    assert "means over 6 answers" in found.algorithm
    assert figures["accuracy"] > 0.7
    assert figures["robust_accuracy_adaptive"] < 0.5 * figures["accuracy"]
    (refused,) = run(AuditContext(noisy, DATA, effort=EFFORT), chosen(ids=["evasion.linf"]))
    assert refused.outcome is Outcome.INCONCLUSIVE
    voted = Voting(noisy, 15)
    assert (voted.predict_label(X[:300]) == Y[:300]).mean() > (noisy.predict_label(X[:300]) == Y[:300]).mean()


def spent(on: Try) -> Floats:
    raise BudgetSpentError("the time is over")


@pytest.mark.parametrize("cut", ["plan", "_textbook"])
def test_attacks_that_were_cut_short_neither_reassure_nor_accuse(
    network: DenseModel, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """Neither the ensemble, nor gradients whose place Square would then seem to take."""
    short = (lambda *_: [Stage("short", Access.SCORES, spent)]) if cut == "plan" else lambda steps: spent
    monkeypatch.setattr(looking, cut, short)
    few = DATA.test[:40]
    found = looking.look(network, few, ball_for(network, Norm.LINF, 0.25), EFFORT, 0, DATA.test, 60)
    assert any("the time is over" in why for why in found.unfinished.values())
    assert found.signs == []


def test_no_bounds_no_control_no_word(network: DenseModel) -> None:
    open_ended = DenseModel(network.weights, network.biases, "relu", (64,))
    found, _ = masking(open_ended)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "bounds" in found.reason


@pytest.mark.parametrize("norm", list(Norm))
def test_hopskipjump_comes_near_the_boundary_of_a_linear_model(norm: Norm) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=20)
    model = DenseModel([np.stack([-weights, weights], 1)], [np.zeros(2)], "identity", (20,), (-4.0, 4.0))
    x = rng.normal(size=(25, 20))
    y = model.predict_label(x)
    meter = MeteredModel(model, Access.LABELS)
    found = hopskipjump(meter, x, y, ball_for(model, norm, 1e-9), 1_500, rng)
    assert (model.predict_label(found) != y).all()
    true = np.abs(x @ weights) / (np.abs(weights).sum() if norm is Norm.LINF else np.sqrt((weights**2).sum()))
    assert np.median(sizes(found - x, norm) / true) < 1.35
    assert meter.queries <= 25 * 1_520
    assert (np.abs(found) <= 4).all()


def test_labels_alone_are_enough_to_evade(network: DenseModel) -> None:
    context = AuditContext(MeteredModel(network, Access.LABELS), DATA, effort=replace(EFFORT, samples=40, queries=600))
    context = replace(context, options={"epsilon": "1.5"})
    (found,) = run(context, chosen(ids=["evasion.l2"]))
    assert found.outcome is Outcome.WEAK
    assert found.access == "labels"
    assert found.algorithm == "hopskipjump"


def test_a_copy_lends_its_gradients(network: DenseModel) -> None:
    copy = surrogate(network, DATA.test, 0)
    ball = ball_for(network, Norm.LINF, 0.2)
    x, y = X[:100], network.predict_label(X[:100])
    found = transferred(copy, x, y, ball, 20, np.random.default_rng(0))
    assert ball.holds(found, x).all()
    assert (network.predict_label(found) != y).mean() > 0.5
    assert (network.predict_label(ball.random(x, np.random.default_rng(0))) != y).mean() < 0.2
