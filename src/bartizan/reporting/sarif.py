"""SARIF 2.1.0 (OASIS), as code hosts show it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

import msgspec

from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.finding import Finding
from bartizan.core.threat import Severity

_LEVELS = {Admission.BLOCK: "error", Admission.INCONCLUSIVE: "warning", Admission.ALLOW: "note"}
_SCORES = {Severity.INFO: "0.0", Severity.LOW: "3.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0"}


def artefact_sarif(reports: Iterable[ArtefactReport]) -> bytes:
    """One run with a result for each finding; its rules are those that were found."""
    rules: dict[str, dict[str, Any]] = {}
    results: list[dict[str, Any]] = []
    for report in reports:
        uri = quote(report.path.lstrip("./") if not report.path.startswith("/") else f"file://{report.path}", "/:~")
        for finding in report.findings:
            rules.setdefault(
                finding.rule,
                {
                    "id": finding.rule,
                    "shortDescription": {"text": finding.title},
                    "properties": {
                        "tags": ["security", *finding.tags],
                        "security-severity": _SCORES.get(finding.severity, "9.5"),
                    },
                },
            )
            place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
            if finding.offset >= 0 and not finding.member:
                place["region"] = {"byteOffset": finding.offset, "byteLength": 1}
            location: dict[str, Any] = {"physicalLocation": place}
            if finding.member:
                location["logicalLocations"] = [{"fullyQualifiedName": finding.member}]
            results.append(
                {
                    "ruleId": finding.rule,
                    "level": _LEVELS[finding.admission],
                    "message": {"text": " ".join(filter(None, (finding.explanation, finding.evidence)))},
                    "locations": [location],
                    "properties": {"admission": finding.admission, "sha256": report.sha256},
                }
            )
    return _document(rules, results)


def finding_sarif(findings: Iterable[Finding], uri: str) -> bytes:
    """Shown weaknesses as results; the rule is what was tried, the place is ``uri``, which says what was tested."""
    rules: dict[str, dict[str, Any]] = {}
    results: list[dict[str, Any]] = []
    for finding in findings:
        rule = finding.id.rpartition("/")[0] or finding.id
        rules.setdefault(
            rule,
            {
                "id": rule,
                "shortDescription": {"text": finding.title},
                "help": {"text": finding.remediation},
                "properties": {
                    "tags": ["security", *finding.techniques],
                    "security-severity": _SCORES.get(finding.severity, "9.5"),
                },
            },
        )
        results.append(
            {
                "ruleId": rule,
                "level": "error" if finding.severity in {Severity.HIGH, Severity.CRITICAL} else "warning",
                "message": {"text": "\n".join((finding.title, *finding.evidence, finding.reproduction))},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": quote(uri, "/:~")}}}],
                "partialFingerprints": {"bartizanFinding/v1": finding.id},
                "properties": {"subject": finding.subject, "confidence": finding.confidence},
            }
        )
    return _document(rules, results)


def _document(rules: dict[str, dict[str, Any]], results: list[dict[str, Any]]) -> bytes:
    driver = {"name": "Bartizan", "version": version("bartizan"), "rules": list(rules.values())}
    return msgspec.json.encode(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "results": results}],
        }
    )
