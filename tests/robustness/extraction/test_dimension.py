"""The rank of scores is the width of the last hidden layer where classes can show it, and is not claimed elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction.dimension import spectrum, unexplained
from bartizan.robustness.extraction.limits import Rounded
from bartizan.robustness.interface import AuditContext, AuditData, ModelUnderTest, Samples
from bartizan.robustness.models.sklearn import DenseModel
from bartizan.robustness.runner import chosen, run

rng = np.random.default_rng(0)
X = rng.normal(size=(160, 10))


def network(width: int, classes: int) -> DenseModel:
    weights = [rng.normal(size=(10, 40)) / 3, rng.normal(size=(40, width)) / 6, rng.normal(size=(width, classes)) / 2]
    return DenseModel(weights, [rng.normal(size=one.shape[1]) for one in weights], "tanh", (10,))


@pytest.mark.parametrize(("width", "classes"), [(3, 8), (12, 30), (40, 100)])
def test_the_width_is_found(width: int, classes: int) -> None:
    model = network(width, classes)
    found = spectrum(model, X)
    assert (found.rank, found.found) == (width, True)
    assert unexplained(found, model, rng.normal(size=(50, 10))) < 1e-20
    layer = model.weights[-1] - model.weights[-1].mean(axis=1, keepdims=True)
    outside = layer - layer @ found.basis.T @ found.basis
    assert np.abs(outside).max() < 1e-9, "the stolen span is that of the output layer"


def test_a_layer_as_wide_as_the_classes_is_not_claimed() -> None:
    found = spectrum(network(20, 12), X)
    assert (found.rank, found.most, found.found) == (11, 11, False)


def test_rounding_hides_it() -> None:
    model = network(12, 30)
    assert spectrum(Rounded(model, 6), X).rank == 12, "six decimals hide nothing"
    assert not spectrum(Rounded(model, 3), X).found


def test_few_classes_and_few_rows_say_nothing() -> None:
    with pytest.raises(AuditError, match="no width"):
        spectrum(network(2, 3), X)
    with pytest.raises(AuditError, match="at least 4"):
        spectrum(network(3, 8), X[:2])


def audited(model: ModelUnderTest) -> AuditResult:
    data = AuditData(None, Samples(X, model.predict_label(X)))
    (found,) = run(AuditContext(model, data), chosen(ids=["extraction.dimension"]))
    return found


def test_the_audit_reports_it_with_its_control() -> None:
    model = network(12, 30)
    found = audited(model)
    assert found.outcome is Outcome.WEAK
    assert {one.name: one.value for one in found.measures}["rank"] == 12
    assert found.control is not None
    assert found.control.measure.value == 14
    assert audited(network(20, 12)).outcome is Outcome.WITHSTOOD
    hidden = audited(Rounded(model, 3))
    assert hidden.outcome is Outcome.INCONCLUSIVE, "so few decimals would hide a known width too"
    assert hidden.control is not None
    assert "to 3 decimals" in hidden.control.what
