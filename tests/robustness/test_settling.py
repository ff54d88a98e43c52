"""No audit says "withstood" where it could not tell."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Comparison, Measure, Outcome
from bartizan.robustness.interface import Access, AuditContext, AuditData, Floats, Samples
from bartizan.robustness.models.base import BaseModel
from bartizan.robustness.models.sklearn import from_estimator
from bartizan.robustness.runner import run
from bartizan.robustness.settling import reaching, reconciled, settled

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3))
Y = (X[:, 0] > 0).astype(np.int64)
MODEL = from_estimator(LogisticRegression().fit(X, Y), (3,), 2)
RATE = Measure(name="rate", value=0.1, n=10, interval=(0.0025, 0.445))


class Careless:
    """Says that everything was withstood."""

    id, title, threat, needs = "careless", "Careless", Threat.ADVERSARIAL_INPUT, Access.LABELS
    takes_chance = only_named = False

    def __init__(self, control: Comparison | None) -> None:
        self.control = control

    def run(self, context: AuditContext, /) -> AuditResult:
        return AuditResult(
            audit=self.id, title=self.title, threat=self.threat, outcome=Outcome.WITHSTOOD, reason="fine",
            control=self.control,
        )  # fmt: skip


@pytest.mark.parametrize(("succeeded", "outcome"), [(None, 0), (False, 0), (True, 1)])
def test_the_runner_lets_nothing_withstand_without_a_control_that_succeeded(
    succeeded: bool | None, outcome: int
) -> None:
    control = None if succeeded is None else Comparison(what="weak", measure=RATE, succeeded=succeeded)
    (found,) = run(AuditContext(MODEL, AuditData(None, Samples(X, Y))), [Careless(control)])
    assert found.outcome is (Outcome.INCONCLUSIVE, Outcome.WITHSTOOD)[outcome]
    assert ("positive control" in found.reason) is not bool(outcome)


def test_what_was_cut_short_failed_its_control_or_reaches_the_mark_is_inconclusive() -> None:
    assert settled("held", True) == (Outcome.WITHSTOOD, "held")
    for told in (
        settled("held", True, cut=["one stage"]),
        settled("held", False),
        settled("held", True, unsure=reaching(RATE, 0.4)),
    ):
        assert told[0] is Outcome.INCONCLUSIVE
        assert "held" in told[1]
    assert reaching(RATE, 0.45) == ()
    assert reaching(replace_interval(RATE), 0.1)


def replace_interval(one: Measure) -> Measure:
    """Without an interval the value itself is held against the mark."""
    return Measure(name=one.name, value=one.value, n=one.n)


@pytest.mark.parametrize(
    ("access", "asked", "stands"), [("gradients", 9, False), ("gradients", 0, True), ("scores", 9, True)]
)
def test_a_doubt_about_gradients_touches_what_was_found_with_them(access: str, asked: int, stands: bool) -> None:
    def of(outcome: Outcome, name: str = "linf", **more: str) -> AuditResult:
        return AuditResult(
            audit=name, title="T", threat=Threat.ADVERSARIAL_INPUT, outcome=outcome, reason="few rows evaded",
            access=access, gradients=asked, **more,
        )  # fmt: skip

    held, weak, masked = of(Outcome.WITHSTOOD), of(Outcome.WEAK), of(Outcome.WEAK, "masking", doubt="they are masked")
    assert reconciled([held, weak]) == [held, weak]
    one, two, three = reconciled([held, weak, masked])
    assert (one == held) is stands
    assert (two == weak) is stands
    assert three == masked
    if not stands:
        assert one.outcome is Outcome.INCONCLUSIVE
        assert one.reason.startswith("few rows evaded")
        assert "masking: they are masked" in one.reason
        assert msgspec.structs.replace(two, untested=weak.untested) == weak
        assert "they are masked" in two.untested[0]


class Shaken(BaseModel):
    """Scores that move by ``width`` once it has been asked ``steady`` times."""

    def __init__(self, width: float, steady: int = 2) -> None:
        super().__init__("shaken", (3,), 2)
        self.width, self.steady, self.asked = width, steady, 0

    def predict_proba(self, x: Floats, /) -> Floats:
        self.asked += 1
        one = 0.8 - self.width * (self.asked > self.steady)
        return np.stack([np.full(len(x), 1 - one), np.full(len(x), one)], axis=1)


@pytest.mark.parametrize("steady", [1, 2])
@pytest.mark.parametrize(("width", "held"), [(0.0, True), (0.0005, True), (0.01, False)])
def test_scores_that_change_between_questions_are_not_said_to_withstand(width: float, held: bool, steady: int) -> None:
    """From the start, or only after the audit had begun; sums in another order are no change."""
    control = Comparison(what="weak", measure=RATE, succeeded=True)
    (found,) = run(AuditContext(Shaken(width, steady), AuditData(None, Samples(X, Y))), [Careless(control)])
    assert found.outcome is (Outcome.WITHSTOOD if held else Outcome.INCONCLUSIVE)
    assert ("differ by up to 0.01" in found.reason) is not held
    assert (found.untested == ()) is held


def test_a_model_replaced_under_the_audit_says_nothing() -> None:
    control = Comparison(what="weak", measure=RATE, succeeded=True)
    (found,) = run(AuditContext(Shaken(0.6), AuditData(None, Samples(X, Y))), [Careless(control)])
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "different classes" in found.reason
