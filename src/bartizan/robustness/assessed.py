"""An audit as an assessment."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from bartizan.reporting.audit import AuditResult, ModelAudit, Outcome
from bartizan.reporting.audit_report import BOUND, figure
from bartizan.reporting.oscal import Assessed, Observation, Plan, Weakness
from bartizan.robustness.findings import CONTROLS, findings


def assessed(audit: ModelAudit) -> Assessed:
    """The audit, for formats of assessments."""
    start = datetime.fromisoformat(audit.at)
    weak = [one for one in audit.results if one.outcome is Outcome.WEAK]
    controls = {CONTROLS[one.threat] for one in audit.results if one.threat in CONTROLS}
    return Assessed(
        key=hashlib.sha256(msgspec.json.encode(audit, order="sorted")).hexdigest(),
        title=f"Audit of the model {audit.model}",
        description=BOUND,
        tool=audit.version,
        subject=f"{audit.model} {audit.model_digest}".strip(),
        start=start,
        at=start,
        plan=Plan(
            title="The command that was run",
            href="",
            description=f"{audit.replay}; data {audit.data} {audit.data_digest}",
        ),
        controls=tuple(controls),
        observations=(*(_observation(one) for one in audit.results), *_skipped(audit)),
        weaknesses=tuple(
            Weakness(finding=finding, control=CONTROLS.get(one.threat, "BZN-ML-01"))
            for one, finding in zip(weak, findings(audit), strict=True)
        ),
    )


def _observation(one: AuditResult) -> Observation:
    said = "; ".join(f"{each.name} {figure(each)}, n = {each.n}" for each in one.measures[:20])
    control = one.control
    if control is not None:
        said += f"; positive control {'succeeded' if control.succeeded else 'FAILED'}: {figure(control.measure)}"
    untested = f" Not tested: {'; '.join(one.untested)}." if one.untested else ""
    return Observation(
        key=one.audit,
        title=f"{one.title}: {one.outcome}",
        text=f"{one.reason}. {said}.{untested}",
        control=CONTROLS.get(one.threat, ""),
        facts={"audit": one.audit, "outcome": one.outcome, "seed": str(one.seed)},
    )


def _skipped(audit: ModelAudit) -> list[Observation]:
    return [
        Observation(key=f"skipped/{name}", title=f"Not run: {name}", text=why, facts={"audit": name})
        for name, why in audit.skipped.items()
    ]
