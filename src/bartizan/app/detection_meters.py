"""The metrics of the detection process."""

from __future__ import annotations

from bartizan.core.event import FindingRaised, RuleAlarmed
from bartizan.detections.engine import Counters
from bartizan.telemetry.metrics import Registry


class DetectionMeters:
    """Made once over one registry. Raises ValueError when made twice."""

    def __init__(self, registry: Registry) -> None:
        self._rules = registry.gauge("bartizan_rules_in_force", "Detection rules that run.").labels()
        self._events = registry.counter("bartizan_rules_events_total", "Records that rules have judged.").labels()
        self._lag = registry.gauge("bartizan_rules_lag_seconds", "How far rules are behind the journal.").labels()
        self._findings = registry.counter("bartizan_findings_total", "Findings recorded.", ("severity",))
        self._alarms = registry.counter("bartizan_rule_alarms_total", "Alarms about rules themselves.", ("state",))
        self._left = registry.counter(
            "bartizan_rules_left_out_total", "What rules could not take into account.", ("why",)
        )

    def judged(self, records: int, lag: float) -> None:
        """So many more records were judged."""
        self._events.inc(records)
        self._lag.set(lag)

    def raised(self, event: FindingRaised | RuleAlarmed) -> None:
        """A finding or an alarm was recorded."""
        if isinstance(event, FindingRaised):
            self._findings.labels(event.severity.value).inc()
        else:
            self._alarms.labels(event.state).inc()

    def state(self, rules: int, muted: int, unread: int, counters: Counters) -> None:
        """How it stands since the rules came into force."""
        self._rules.set(rules)
        for why, count in (
            ("muted", muted),
            ("unread", unread),
            ("late", counters.late),
            ("untimed", counters.untimed),
            ("evicted", counters.evicted_groups + counters.evicted_hits),
            ("failed", counters.failed),
        ):
            if count:
                self._left.labels(why).set(count)
