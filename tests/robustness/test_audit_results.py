"""From results to findings, evidence and comparisons."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from bartizan.core.stats import clopper_pearson
from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Measure, ModelAudit, Outcome
from bartizan.robustness.comparison import Change, compare
from bartizan.robustness.findings import evidence, findings


def audited(
    hits: int, n: int, outcome: Outcome = Outcome.WEAK, name: str = "robust_accuracy", **more: object
) -> ModelAudit:
    measure = Measure(name=name, value=hits / n, n=n, interval=clopper_pearson(hits, n))
    result = AuditResult(
        audit="evasion.linf",
        title="t",
        threat=Threat.ADVERSARIAL_INPUT,
        outcome=outcome,
        reason="r",
        severity=Severity.HIGH,
        measures=(measure, Measure(name="distance", value=3.0, n=n, unit="px")),
        settings={"epsilon": "0.1"},
    )
    return ModelAudit(
        model="m",
        model_digest="sha256:1",
        data="d",
        data_digest="sha256:2",
        at="",
        version="",
        accuracy=None,
        results=(msgspec.structs.replace(result, **more),),
        replay="bartizan audit run m",
    )


def test_only_what_was_shown_is_a_finding() -> None:
    (finding,) = findings(audited(10, 100))
    assert finding.id.startswith("evasion.linf/")
    assert finding.reproduction == "bartizan audit run m"
    assert "n = 100" in finding.evidence[0]
    assert not findings(audited(10, 100, Outcome.WITHSTOOD))
    assert not findings(audited(10, 100, Outcome.INCONCLUSIVE))


def test_evidence_carries_n_interval_and_expiry_and_none_comes_of_what_could_not_tell() -> None:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    (one,) = evidence(audited(10, 100, Outcome.WITHSTOOD), at)
    assert (one.control, one.n, one.result, one.interval) == ("BZN-ML-01", 100, 0.1, clopper_pearson(10, 100))
    assert one.expires_at > at
    assert not evidence(audited(10, 100, Outcome.INCONCLUSIVE), at)


@pytest.mark.parametrize(
    ("name", "before", "after", "change"),
    [
        ("robust_accuracy", 100, 600, Change.BETTER),
        ("robust_accuracy", 600, 100, Change.WORSE),
        ("robust_accuracy", 500, 505, Change.SAME),
        ("tpr_at_fpr_0.001", 600, 100, Change.BETTER),
        ("tpr_at_fpr_0.001", 100, 600, Change.WORSE),
    ],
)
def test_a_change_is_one_that_the_rows_show(name: str, before: int, after: int, change: Change) -> None:
    rows = compare(audited(before, 1000, name=name), audited(after, 1000, name=name))
    assert [row.change for row in rows] == [change, Change.UNKNOWN]
    assert rows[0].difference is not None
    assert rows[0].difference[0] < (after - before) / 1000 < rows[0].difference[1]


def test_other_settings_and_inconclusive_results_are_not_compared() -> None:
    other = audited(600, 1000, settings={"epsilon": "0.2"})
    assert {row.change for row in compare(audited(100, 1000), other)} == {Change.UNKNOWN}
    assert not compare(audited(100, 1000), audited(600, 1000, Outcome.INCONCLUSIVE))
