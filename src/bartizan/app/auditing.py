"""Records an audit of a model in a workspace: its findings in the journal, its evidence beside other evidence."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from bartizan.app.places import journal_of
from bartizan.core.clock import utc_now
from bartizan.core.control import Evidence
from bartizan.core.errors import ConfigurationError
from bartizan.core.event import FindingRaised
from bartizan.core.finding import Finding
from bartizan.reporting.audit import ModelAudit
from bartizan.robustness.findings import evidence, findings
from bartizan.telemetry.journal import Journal
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

FOLDER: Final = "evidence"
"""Below ``.bartizan``."""


def record(root: Path, audit: ModelAudit) -> Path | None:
    """Keep what an audit found.

    Each finding becomes a ``finding.raised`` in the journal, whose ``rule`` is the audit's id; the same finding about
    the same model and data has the same id, however often it is found. Observations become one file of evidence.

    Returns:
        The file of evidence; None where no audit could tell anything.

    Raises:
        ConfigurationError: there is no such workspace, or the file cannot be written.
        JournalError: its journal cannot be written.
    """
    workspace, now = Workspace(root), utc_now()
    settings = workspace.deployment.journal if (workspace.root / DEPLOYMENT).exists() else None
    journal = Journal(journal_of(workspace), "audit", settings)
    try:
        for finding in findings(audit):
            journal.append(_event(finding, now))
        asyncio.run(journal.commit())
    finally:
        journal.close()
    observed = evidence(audit, now)
    return _keep(journal_of(workspace).parent / FOLDER, audit, observed, now) if observed else None


def _event(finding: Finding, now: datetime) -> FindingRaised:
    digest = hashlib.sha256(finding.id.encode()).hexdigest()[:32]
    return FindingRaised(
        id=f"fnd_{digest}",
        at=now,
        rule=finding.id.partition("/")[0],
        title=finding.title,
        severity=finding.severity,
        threat=finding.threat,
        techniques=finding.techniques,
        group={"subject": finding.subject},
        remediation=finding.remediation,
    )


def _keep(folder: Path, audit: ModelAudit, observed: tuple[Evidence, ...], now: datetime) -> Path:
    content = {
        "schema": "bartizan/audit-evidence/v1",
        "model": audit.model,
        "model_digest": audit.model_digest,
        "data_digest": audit.data_digest,
        "replay": audit.replay,
        "evidence": msgspec.to_builtins(observed),
    }
    path = folder / f"audit-{now:%Y%m%dT%H%M%S}-{observed[0].id}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    return path
