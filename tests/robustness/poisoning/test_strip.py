"""STRIP keeps its false-positive rate, sees plain patches, and is evaded by whoever knows it."""

from __future__ import annotations

import numpy as np
import pytest

from bartizan.core.stats import clopper_pearson
from bartizan.core.threat import Severity
from bartizan.reporting.audit import Measure, Outcome
from bartizan.robustness.audits.poisoning_strip import _verdict
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import AuditContext, AuditData, Effort
from bartizan.robustness.poisoning.strip import Strip
from bartizan.robustness.poisoning.trigger import victims
from bartizan.robustness.runner import chosen, run


def test_patches_are_seen_and_benign_inputs_mostly_not(digits, backdoored) -> None:  # type: ignore[no-untyped-def]
    strip = Strip.calibrated(backdoored.model, digits.test.x[:500], 0.05, 0)
    fresh = digits.test[500:]
    assert strip.flags(fresh.x).mean() < 0.1
    triggered = backdoored.trigger.on(fresh.x[victims(fresh.y, 3)])
    assert strip.flags(triggered).mean() > 0.4
    assert (strip.entropies(triggered) == strip.entropies(triggered)).all()


def test_the_rate_is_kept_on_average(digits, clean_model) -> None:  # type: ignore[no-untyped-def]
    rates = []
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(len(digits.test))
        strip = Strip.calibrated(clean_model, digits.test.x[order[:300]], 0.1, seed)
        rates.append(strip.flags(digits.test.x[order[300:]]).mean())
    assert 0.07 < np.mean(rates) < 0.13


@pytest.mark.parametrize("fpr", [0.0, 0.001, 1.0, -1.0])
def test_rates_that_the_rows_cannot_carry_are_refused(digits, clean_model, fpr: float) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnusableDataError):
        Strip.calibrated(clean_model, digits.test.x[:300], fpr, 0)


def test_the_audit_puts_the_adaptive_number_beside_the_static_one(digits, trainer, clean_model) -> None:  # type: ignore[no-untyped-def]
    context = AuditContext(clean_model, AuditData(None, digits.test), trainer, effort=Effort(workers=1))
    result = next(run(context, chosen(ids=["poisoning.strip"])))
    found = {one.note.partition(";")[0]: one for one in result.measures if one.name == "recall"}
    assert found["patch"].value > 0.4 > 0.1 > found["patch with cover rows"].value
    assert found["patch with cover rows"].n > 150  # the trigger still works
    assert result.outcome is Outcome.WEAK
    assert result.severity is Severity.LOW  # of a defence that would fail, not of a backdoor that was found
    assert result.control is not None
    assert result.control.succeeded
    for options, reason in (({"fpr": "many"}, "not a number"), ({"fpr": "0.0001"}, "cannot carry")):
        bad = AuditContext(clean_model, AuditData(None, digits.test), trainer, options=options)
        refused = next(run(bad, chosen(ids=["poisoning.strip"])))
        assert refused.outcome is Outcome.INCONCLUSIVE
        assert reason in refused.reason


@pytest.mark.parametrize(("hits", "outcome"), [(79, Outcome.WEAK), (84, Outcome.INCONCLUSIVE), (92, Outcome.WITHSTOOD)])
def test_the_whole_interval_must_be_caught(hits: int, outcome: Outcome) -> None:
    caught = Measure(name="recall", value=hits / 100, n=100, interval=clopper_pearson(hits, 100))
    assert _verdict(caught, caught, True)[0] is outcome
