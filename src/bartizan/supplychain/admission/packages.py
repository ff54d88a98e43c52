"""What policy knows of the packages in a lock file: waivers for one package, and the worst that is known of any."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.core.artefact import ArtefactFinding
from bartizan.supplychain.packages import rules
from bartizan.workspace.waiver import Waiver

UNWAIVABLE = frozenset({rules.MALICIOUS.id})
"""Findings that no waiver accepts."""
_RATINGS = (
    *((rules.VULNERABLE[rating].id, rating) for rating in ("unrated", "low", "medium", "high", "critical")),
    (rules.MALICIOUS.id, "malicious"),
)
_OURS = frozenset(rule.id for rule in rules.PACKAGE_RULES)


def accepted_for(finding: ArtefactFinding, waivers: Iterable[Waiver]) -> set[str]:
    """Subjects of the waivers that accept the finding for its package: its rule, or an id of the advisory."""
    if finding.rule not in _OURS:
        return set()
    package = finding.member.rpartition("!")[2]
    names = {finding.rule, *finding.evidence.split(", ")}
    return {one.subject for one in waivers if one.purl and one.purl == package and one.subject in names}


def worst(findings: Iterable[ArtefactFinding]) -> str:
    """The worst rating that any of the findings carries; ``none`` where there is none."""
    found = {one.rule for one in findings}
    return next((rating for rule, rating in reversed(_RATINGS) if rule in found), "none")
