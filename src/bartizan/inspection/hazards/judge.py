"""How bad a link is: by where it leads, whether it loads by itself, and what it carries."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from bartizan.core.threat import Severity, Threat
from bartizan.inspection.hazards.urls import (
    Hosts,
    active,
    carries,
    leads_out,
    looks_encoded,
    mixes_scripts,
    parse,
    queries,
)

EXFILTRATION = "markdown_exfiltration"
ACTIVE = "active_output"


class Kind(StrEnum):
    """How a link acts."""

    LOADS = "loads"
    """By itself, as soon as it is shown."""
    HIDES = "hides"
    """On a click, behind a text of its own."""
    REFERRED = "referred"
    """From wherever the text names it: as a link, or as an image that loads by itself."""
    PLAIN = "plain"
    """On a click, and shown as it is."""


class Judgement(NamedTuple):
    """Why a link is a hazard."""

    score: float
    threat: Threat
    technique: str
    severity: Severity


_ACTIVE = Judgement(0.95, Threat.DATA_LEAKAGE, ACTIVE, Severity.HIGH)


def _leak(score: float) -> Judgement:
    severity = Severity.HIGH if score >= 0.9 else Severity.MEDIUM if score >= 0.5 else Severity.LOW
    return Judgement(score, Threat.DATA_LEAKAGE, EXFILTRATION, severity)


class LinkJudge:
    """Judges links against the hosts that policy allows.

    Args:
        hosts: hosts that are always fine.
        check_plain: judge every link to another host, also plain ones.
    """

    def __init__(self, hosts: Hosts, check_plain: bool = False) -> None:
        self._hosts = hosts
        self._check_plain = check_plain

    @property
    def check_plain(self) -> bool:
        """Whether plain links to other hosts count."""
        return self._check_plain

    def judge(self, url: str, kind: Kind, label: str = "") -> Judgement | None:
        """None for a link that is fine.

        Args:
            url: the destination as written.
            kind: how it acts.
            label: the text that a link shows.
        """
        target = parse(url)
        if active(target):
            return _ACTIVE
        if not leads_out(target) or self._hosts.allows(target.host):
            return None
        if kind is Kind.LOADS:
            return _leak(0.95 if carries(target) else 0.6)
        shown = parse(label.strip()).host if "://" in label else ""
        if "." in target.credentials or mixes_scripts(target.host) or (shown and shown != target.host):
            return _leak(0.8)
        if kind is Kind.PLAIN:
            return _leak(0.6) if self._check_plain and target.host else None
        listed = self._check_plain or self._hosts.named
        if looks_encoded(target) or (kind is Kind.REFERRED and queries(target)):
            return _leak(0.75 if listed else 0.6)
        return _leak(0.6 if listed else 0.3)
