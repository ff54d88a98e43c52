"""Results as Findings and Evidence, like everywhere else."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

import msgspec

from bartizan.core.control import Evidence
from bartizan.core.finding import Finding
from bartizan.core.ids import new_id
from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Measure, ModelAudit, Outcome
from bartizan.reporting.audit_report import figure

VALID: Final = timedelta(days=180)
"""How long an audit counts; a retrained model has another digest and needs another one anyway."""
CONTROLS: Final = {
    Threat.ADVERSARIAL_INPUT: "BZN-ML-01",
    Threat.DATA_POISONING: "BZN-ML-02",
    Threat.DATA_LEAKAGE: "BZN-ML-03",
    Threat.MODEL_EXTRACTION: "BZN-ML-04",
}
"""The control of the catalogue that an audit of each threat is evidence of."""


def findings(audit: ModelAudit) -> tuple[Finding, ...]:
    """What was shown to be weak. A control whose positive control failed shows nothing, so it is none."""
    return tuple(_finding(audit, one) for one in audit.results if one.outcome is Outcome.WEAK)


def _finding(audit: ModelAudit, one: AuditResult) -> Finding:
    subject = audit.model_digest or audit.model
    number = hashlib.sha256(f"{one.audit}\n{subject}\n{audit.data_digest}".encode()).hexdigest()[:16]
    control = f"positive control: {one.control.what}, {_figure(one.control.measure)}" if one.control else ""
    return Finding(
        id=f"{one.audit}/{number}",
        title=f"{audit.model}: {one.reason}",
        threat=one.threat,
        techniques=one.techniques,
        severity=one.severity,
        confidence=0.9 if one.control is not None and one.control.succeeded else 0.6,
        subject=subject,
        evidence=tuple(filter(None, (*(_figure(each) for each in one.measures), control))),
        reproduction=audit.replay,
        remediation=one.remediation,
    )


def evidence(audit: ModelAudit, at: datetime) -> tuple[Evidence, ...]:
    """Dated observations: the headline rate of each audit that could tell something, and whose headline is a rate."""
    found = []
    for one in audit.results:
        head = one.measures[0] if one.measures else None
        if head is None or head.interval is None or one.outcome is Outcome.INCONCLUSIVE or one.threat not in CONTROLS:
            continue
        found.append(
            Evidence(
                id=new_id("evd"),
                control=CONTROLS[one.threat],
                method=f"bartizan audit {one.audit}: {head.name} of {audit.model}; {one.algorithm or one.title}",
                n=head.n,
                result=head.value,
                interval=head.interval,
                digest=hashlib.sha256(msgspec.json.encode(one, order="sorted")).hexdigest(),
                observed_at=at,
                expires_at=at + VALID,
                enforced=False,
            )
        )
    return tuple(found)


def _figure(measure: Measure) -> str:
    return f"{measure.name} {figure(measure)}, n = {measure.n}"
