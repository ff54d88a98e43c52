"""Evidence of approved controls: dated observations with sample size, interval and expiry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from bartizan.core.control import Evidence
from bartizan.core.ids import new_id
from bartizan.hardening.gates import Count
from bartizan.hardening.record import ControlRecord

FOLDER = "evidence"
"""Below ``.bartizan``."""


def evidence_of(
    record: ControlRecord, stopped: Count, method: str, at: datetime, expires: datetime, enforced: bool
) -> Evidence:
    """How many held-out live variants a control stops.

    Args:
        record: the control.
        stopped: of how many.
        method: how that was observed.
        at: when.
        expires: until when it counts.
        enforced: whether it is evidence of enforcement: never in monitor mode, nor of a control that holds no longer.
    """
    return Evidence(
        id=new_id("evd"),
        control=record.strengthens,
        method=f"{method}: {record.id}, {record.title}",
        n=stopped.n,
        result=stopped.successes / stopped.n if stopped.n else 0.0,
        interval=stopped.interval,
        digest=record.trial.digest,
        observed_at=at,
        expires_at=expires,
        enforced=enforced,
    )


def document(record: ControlRecord, evidence: Evidence, **more: Any) -> tuple[str, bytes]:
    """The file that is kept: its name below the state directory and its content."""
    content = {
        "schema": "bartizan/control-evidence/v1",
        "evidence": msgspec.to_builtins(evidence),
        "control": record.id,
        "findings": list(record.findings),
        "version": record.version,
        "key": record.key,
        **more,
    }
    name = f"{FOLDER}/{record.id}-{evidence.id}.json"
    return name, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
