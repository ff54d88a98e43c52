"""Attribute inference counts only what the model adds to imputation."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression

from bartizan.reporting.audit import AuditResult, Comparison, Outcome
from bartizan.robustness.audits import attribute_inference as attacking
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import AuditContext, AuditData, Effort, Samples
from bartizan.robustness.models.sklearn import from_estimator
from bartizan.robustness.privacy.attributes import Attribute, attribute
from bartizan.robustness.runner import chosen, run

rng = np.random.default_rng(6)
COLUMNS = ("a", "b", "c", "secret", "implied")


def rows(n: int) -> Samples:
    """Labels from a, b and noise; the secret has nothing to do with anything, the implied one follows from c."""
    x = rng.normal(size=(n, 5)).round(2)
    x[:, 3] = rng.integers(0, 2, n) * 2.0
    x[:, 4] = (x[:, 2] > 0) ^ (rng.random(n) < 0.2)
    y = (x[:, 0] + x[:, 1] + rng.normal(size=n) > 0).astype(np.int64)
    return Samples(x, y)


DATA = AuditData(rows(250), rows(600), columns=COLUMNS)
assert DATA.train is not None


def context(estimator: object, column: str) -> AuditContext:
    assert DATA.train is not None
    model = from_estimator(estimator.fit(DATA.train.x, DATA.train.y), (5,), 2)  # type: ignore[attr-defined]
    return AuditContext(model, DATA, effort=Effort(samples=250), options={"column": column})


def audited(given: AuditContext) -> AuditResult:
    (result,) = run(given, chosen(ids=["attribute.inference"]))
    return result


def values(result: AuditResult) -> dict[str, float]:
    return {measure.name: measure.value for measure in result.measures}


def test_a_model_that_remembers_gives_the_secret_of_members_away_and_of_nobody_else() -> None:
    result = audited(context(ExtraTreesClassifier(60, random_state=0), "secret"))
    assert result.outcome is Outcome.WEAK
    assert result.control is not None
    assert result.control.succeeded
    found = values(result)
    assert found["secret/imputation/members"] < 0.65
    assert found["secret/liked/members"] > found["secret/imputation/members"] + 0.1
    assert found["secret/liked/others"] < found["secret/imputation/others"] + 0.1
    excess = next(measure for measure in result.measures if measure.name == "secret/liked/excess")
    assert "among non-members" in excess.note


def test_what_can_be_guessed_without_the_model_is_no_leak_of_it() -> None:
    result = audited(context(LogisticRegression(), "implied"))
    assert values(result)["implied/imputation/members"] > 0.7
    assert result.outcome is not Outcome.WEAK


def test_a_linear_model_adds_nothing_to_the_secret() -> None:
    result = audited(context(LogisticRegression(), "secret"))
    assert result.outcome is Outcome.WITHSTOOD, result.reason


def test_a_column_whose_control_failed_is_not_vouched_for_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = attacking._control

    def control(context: AuditContext, members: Samples, public: Samples, one: Attribute) -> Comparison:
        return msgspec.structs.replace(honest(context, members, public, one), succeeded=one.column == 3)

    monkeypatch.setattr(attacking, "_control", control)
    result = audited(context(LogisticRegression(), "secret,implied"))
    assert result.outcome is Outcome.WITHSTOOD
    assert "imputation of secret (" in result.reason
    assert "column implied, whose control failed" in result.untested


def test_few_rows_do_not_reassure() -> None:
    given = replace(context(LogisticRegression(), "secret"), effort=Effort(samples=60))
    result = audited(given)
    assert result.outcome is not Outcome.WITHSTOOD
    assert "use more rows" in result.reason or "nothing can be said" in result.reason


def test_columns_with_few_values_are_taken_without_a_choice() -> None:
    given = replace(context(LogisticRegression(), ""), options={}, effort=Effort(samples=60))
    assert audited(given).settings["columns"].startswith("secret, implied")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"options": {"column": "age"}}, "no column age"),
        ({"options": {"column": "77"}}, "have no column 77"),
        ({"data": AuditData(None, DATA.test)}, "without them"),
        ({"data": AuditData(DATA.train[:20], DATA.test)}, "20 members"),
    ],
)
def test_what_cannot_be_said_is_inconclusive(change: dict[str, object], said: str) -> None:
    result = audited(replace(context(LogisticRegression(), "secret"), **change))  # type: ignore[arg-type]
    assert result.outcome is Outcome.INCONCLUSIVE
    assert said in result.reason


def test_a_continuous_column_is_split_at_its_median() -> None:
    found = attribute(DATA.test.x, 0)
    assert found.cut is not None
    truth = found.truth(DATA.test.x)
    assert 0.4 < truth.mean() < 0.6
    assert found.values[0] < found.cut < found.values[1]
    few = attribute(DATA.test.x, 3)
    assert few.values.tolist() == [0, 2]
    assert few.truth(DATA.test.x).tolist() == (DATA.test.x[:, 3] / 2).tolist()
    for broken in (np.zeros((5, 2)), np.zeros((5, 2, 2))):
        with pytest.raises(UnusableDataError):
            attribute(broken, 0)
