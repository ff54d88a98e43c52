"""Detection rules of Elastic Security, as NDJSON that Kibana imports; switched off until somebody wants them."""

from __future__ import annotations

import json
import uuid
from typing import Any, Final

from bartizan.detections.bundles.alerts import PERIOD, Alert, alerts_of, quoted
from bartizan.detections.convert import DEFAULT_SOURCES, make_target
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Level

_NAMES: Final = uuid.UUID("3f0c5a54-1d0e-5b7e-8f43-61a5b9d2c7aa")
_SEVERITY: Final = {
    Level.INFORMATIONAL: ("low", 5), Level.LOW: ("low", 21), Level.MEDIUM: ("medium", 47),
    Level.HIGH: ("high", 73), Level.CRITICAL: ("critical", 99),
}  # fmt: skip
"""The scale of Elastic's detection engine."""


def elastic_bundle(collection: Collection, source: str = "") -> dict[str, str]:
    """One file, ``rules.ndjson``. Raises CannotSayError, ConfigurationError."""
    where = source or DEFAULT_SOURCES["esql"]

    def of_finding(key: str) -> str:
        return f'FROM {where} METADATA _id\n| WHERE `kind` == "finding.raised" AND `rule` == {quoted(key)}'

    alerts = alerts_of(collection, make_target("esql", {}, where), of_finding)
    return {"rules.ndjson": "".join(json.dumps(_rule(alert), ensure_ascii=False) + "\n" for alert in alerts)}


def _rule(alert: Alert) -> dict[str, Any]:
    header = alert.header
    severity, risk = _SEVERITY[header.level]
    notes = [f"Assumes: {note}." for note in alert.assumptions]
    if alert.refused:
        notes.append(f"Looks for Bartizan's own finding, because of {alert.refused}.")
    if alert.remediation:
        notes.append(f"To do: {alert.remediation}.")
    return {
        "rule_id": str(uuid.uuid5(_NAMES, header.key)),
        "name": alert.name,
        "description": header.description or header.title,
        "type": "esql",
        "language": "esql",
        "query": alert.query.replace(" METADATA _id\n", " METADATA _id, _index, _version\n"),
        "severity": severity,
        "risk_score": risk,
        "interval": f"{PERIOD // 60}m",
        "from": f"now-{alert.look_back}s",
        "to": "now",
        "timestamp_override": "at",
        "timestamp_override_fallback_disabled": True,
        "enabled": False,
        "tags": ["Bartizan", *header.tags],
        "false_positives": list(header.falsepositives),
        "references": list(header.references),
        "note": "\n\n".join(notes),
        "author": ["Bartizan"],
        "version": 1,
        "max_signals": 100,
        "actions": [],
        "exceptions_list": [],
    }
