"""A run for other programs: SARIF 2.1.0 for code hosts, JUnit for CI, JSON lines for whatever reads lines."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bartizan.core.finding import Finding
from bartizan.redteam.findings import RedTeamFinding, findings_of
from bartizan.redteam.results import Run
from bartizan.redteam.taxonomy import Outcome
from bartizan.reporting.junit import Test, junit_xml
from bartizan.reporting.sarif import finding_sarif


def as_finding(one: RedTeamFinding) -> Finding:
    """In the vocabulary of all engines."""
    return Finding(
        id=f"redteam.{one.case}/{one.id}",
        title=one.title,
        threat=one.threat,
        techniques=(one.technique, *one.references),
        severity=one.severity,
        confidence=round(one.interval[0], 3),
        subject=one.target["url"] or one.target["id"],
        evidence=(one.evidence.reason, one.evidence.piece[:300]),
        reproduction=one.reproduction,
        remediation=one.remediation,
    )


def sarif(run: Run) -> bytes:
    """Findings as results; their place is the scope file."""
    return finding_sarif((as_finding(one) for one in findings_of(run)), run.plan.scope.lstrip("./"))


def junit(run: Run) -> bytes:
    """One test a case: failed when it hit, skipped when it was not tested or is inconclusive."""
    return junit_xml(f"bartizan redteam: {run.plan.name}", _tests(run))


def _tests(run: Run) -> Iterator[Test]:
    found = {one.case: one for one in findings_of(run)}
    ended: dict[str, set[Outcome]] = {}
    for trial in run.trials:
        ended.setdefault(trial.case, set()).add(trial.outcome)
    for case in run.plan.cases:
        group, outcomes = f"{case.entry_point}.{case.technique}", ended.get(case.id, set())
        if (one := found.get(case.id)) is not None:
            sent = "\n".join(f"{message.role}: {message.text}" for message in one.request)
            details = f"{sent}\nreply: {one.response}\n{one.reproduction}"
            yield Test(
                group=group, name=case.id, failure=f"{one.severity}: {one.evidence.reason}", details=details[:20_000]
            )
        elif Outcome.MISS in outcomes:
            yield Test(group=group, name=case.id)
        else:
            yield Test(group=group, name=case.id, skipped="inconclusive" if outcomes else "not run")
    for left in run.plan.untested:
        yield Test(group=f"{left.entry_point}.{left.technique}", name=left.case, skipped=left.reason)


def jsonl(run: Run) -> bytes:
    """Every attempt that counts, one a line, with its whole transcript."""
    attempts = (attempt for trial in run.trials for attempt in run.attempts(trial))
    return b"".join(msgspec.json.encode(attempt) + b"\n" for attempt in attempts)
