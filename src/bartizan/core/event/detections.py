"""What detection rules raise, and what becomes of them."""

from __future__ import annotations

from datetime import datetime

from bartizan.core.event.record import Record
from bartizan.core.threat import Severity


class FindingRaised(Record, frozen=True, kw_only=True, omit_defaults=True, tag="finding.raised"):
    """A detection rule found something in the journal, or an audit in a model. ``id`` follows from rule and events, or
    from audit, model and data, so that what is found again is known again."""

    rule: str
    """Id of the rule, else its name, else its title; or id of the audit."""
    title: str
    severity: Severity
    threat: str = ""
    techniques: tuple[str, ...] = ()
    """Such as ``AML.T0051`` or ``T1110``."""
    principal: str = ""
    """Whom it is about, where the rule or the one event says so."""
    session: str = ""
    group: dict[str, str] = {}
    """Of a correlation: the values that its events share."""
    start: datetime | None = None
    """Of a correlation: where its window begins. It ends at ``end``."""
    end: datetime | None = None
    """When the last of its events happened."""
    measure: str = ""
    value: float = 0.0
    """Of a correlation: what was measured."""
    events: tuple[str, ...] = ()
    """Ids of the newest events behind it, in order of time; at most a hundred of ``total``."""
    total: int = 1
    remediation: str = ""
    """What the rule says to do."""


class RuleAlarmed(Record, frozen=True, kw_only=True, omit_defaults=True, tag="rule.alarmed"):
    """A detection rule does not do what it is for."""

    rule: str
    title: str
    state: str
    """``noisy``: it matches more than half of all events. ``muted``: it found so much that not everything was
    recorded. ``failed``: it could not judge an event."""
    count: int = 0
    detail: str = ""


class RulesChanged(Record, frozen=True, kw_only=True, omit_defaults=True, tag="rules.changed"):
    """Detection rules came into force, or could not."""

    digest: str
    """Over all rules and the settings they run under; empty for rules that cannot."""
    count: int
    """Of them."""
    accepted: bool
    problem: str = ""
