"""Rules over a stream that does not end: records in, records about findings and about the rules themselves out.

The same records give the same findings and alarms, with the same ids, wherever the stream was cut in between: so what
was recorded after the last checkpoint is known again by its id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.event import FindingRaised, RuleAlarmed
from bartizan.core.threat import Severity
from bartizan.detections.engine import Checkpoint, Counters, Engine
from bartizan.detections.hits import Ref, RuleFinding
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Header, Level
from bartizan.detections.times import SECOND, parse_moment, to_microseconds

OURS: Final = ("finding.", "rule.", "rules.")
"""Kinds that this engine writes itself; a rule that saw them could feed on its own findings."""
MAX_EVENTS: Final = 100
MINUTE: Final = 60 * SECOND
FUTURE: Final = 300 * SECOND
"""A record that is so far ahead of the clock has no usable time: it would make all others late."""
QUIET: Final = 10 * SECOND
"""So long after a minute's end no more of it is expected."""
NOISY_EVENTS: Final = 1_000
ENGINE: Final = "engine"
"""In alarms, instead of a rule: the part that all rules share."""
_LONGEST: Final = 256


class Quota(msgspec.Struct):
    """What one rule found within one minute, by the time of events."""

    minute: int
    found: int = 0
    muted: int = 0


class LiveState(msgspec.Struct, frozen=True):
    """All that a later run needs to go on."""

    engine: Checkpoint
    quotas: dict[str, Quota]
    seen: int
    matched: dict[str, int]
    alarmed: dict[str, int]
    minute: int


Raised = FindingRaised | RuleAlarmed


class LiveRules:
    """The rules in force.

    Args:
        collection: the rules.
        lateness: seconds that correlations wait for records that are late.
        suppress: seconds that a correlation stays silent about a group after a finding.
        per_minute: findings of one rule that are recorded; more are counted in an alarm.

    Raises:
        ConfigurationError: a rule cannot be compiled.
    """

    def __init__(self, collection: Collection, *, lateness: float, suppress: float, per_minute: int) -> None:
        settings = EngineSettings(lateness=lateness, suppress=suppress, max_events=MAX_EVENTS)
        self._engine = Engine(collection, settings)
        self._headers: dict[str, Header] = {rule.header.key: rule.header for rule in collection.rules}
        self._reported = collection.reported
        self._per_minute = per_minute
        self._lateness = round(lateness * SECOND)
        self._quotas: dict[str, Quota] = {}
        self._seen = 0
        self._before = [0] * len(self._engine.matched)
        self._alarmed: dict[str, int] = {}
        self._minute = -1
        self.muted = 0
        """Findings that were not recorded one by one."""

    @property
    def digest(self) -> str:
        """Of rules and settings."""
        return self._engine.digest

    @property
    def count(self) -> int:
        """Rules in force."""
        return len(self._headers)

    def totals(self) -> Counters:
        """What happened beside findings."""
        return self._engine.totals()

    def judge(self, event: dict[str, Any], time: int, now: int) -> list[Raised]:
        """What one record brings about.

        Args:
            event: the record; those of our own kinds are passed over.
            time: of the record, in microseconds since 1970.
            now: the clock's.
        """
        kind = event.get("kind")
        if isinstance(kind, str) and kind.startswith(OURS):
            return []
        usable = time if 0 < time <= now + FUTURE else None
        ref = Ref(str(event.get("id", ""))[:_LONGEST], 0)
        try:
            found = self._engine.feed(event, ref, usable)
        except Exception as error:  # a record that nobody can judge must not keep the next ones from being judged
            self._engine.failures[ENGINE] = f"{type(error).__name__} at the record {ref.id}"
            found = []
        raised = list(self._raised(found, event)) if found else []
        self._seen += 1
        if self._seen >= NOISY_EVENTS:
            raised += self._noisy(usable or now)
        if self._engine.failures:
            raised += self._failed(usable or now)
        return raised

    def quiet(self, now: int) -> list[Raised]:
        """Nothing more has come up to ``now``: what waited for late records waits no longer than that."""
        raised: list[Raised] = list(self._overdue((now - QUIET) // MINUTE))
        if self._engine.newest >= 0:
            raised += self._raised(self._engine.advance(now - self._lateness), {})
        return raised

    def _raised(self, findings: Iterable[RuleFinding], event: dict[str, Any]) -> Iterator[Raised]:
        for finding in findings:
            key = finding.rule.id or finding.rule.name or finding.rule.title
            made = self._finding(key, finding, event if finding.window is None else {})
            moment = self._engine.newest if made.end is None else to_microseconds(made.end)
            yield from self._overdue(moment // MINUTE)
            quota = self._quotas.setdefault(key, Quota(self._minute))
            if quota.found < self._per_minute:
                quota.found += 1
                yield made
            else:
                quota.muted += 1
                self.muted += 1

    def _overdue(self, minute: int) -> Iterator[RuleAlarmed]:
        """Alarms about rules that found too much in the minutes before."""
        if minute <= self._minute:
            return
        self._minute = minute
        for key, quota in list(self._quotas.items()):
            if quota.minute >= minute:
                continue
            del self._quotas[key]
            if quota.muted:
                detail = f"more than {self._per_minute} findings in a minute; {quota.muted} were not recorded"
                yield self._alarm(key, "muted", quota.minute, quota.muted, detail)

    def _noisy(self, now: int) -> Iterator[RuleAlarmed]:
        half = self._seen // 2
        matched, self._seen = list(self._engine.matched), 0
        for header, count, before in zip(self._engine.headers, matched, self._before, strict=True):
            # What only feeds correlations may well be ordinary.
            if count - before > half and header.key in self._reported and self._first("noisy", header.key, now):
                detail = f"it matched {count - before} of {half * 2} records"
                yield self._alarm(header.key, "noisy", now // MINUTE, count - before, detail)
        self._before = matched

    def _failed(self, now: int) -> Iterator[RuleAlarmed]:
        failures, self._engine.failures = self._engine.failures, {}
        for key, reason in failures.items():
            if self._first("failed", key, now):
                yield self._alarm(key, "failed", now // MINUTE, 1, reason)

    def _first(self, state: str, key: str, now: int) -> bool:
        """Whether this alarm was not given within the last hour."""
        name, hour = f"{state} {key}", now // (60 * MINUTE)
        if self._alarmed.get(name) == hour:
            return False
        self._alarmed[name] = hour
        return True

    def _alarm(self, key: str, state: str, minute: int, count: int, detail: str) -> RuleAlarmed:
        name = hashlib.sha256(msgspec.json.encode([key, state, minute])).hexdigest()[:32]
        title = self._headers[key].title if key in self._headers else key
        return RuleAlarmed(
            id=f"alm_{name}", at=utc_now(), rule=key, title=title, state=state, count=count, detail=detail
        )

    def _finding(self, key: str, finding: RuleFinding, event: dict[str, Any]) -> FindingRaised:
        header = self._headers[key]
        group = {name: str(value)[:_LONGEST] for name, value in finding.group.items()}
        window, measure = finding.window, finding.measure
        return FindingRaised(
            id=f"fnd_{finding.id}",
            at=utc_now(),
            rule=key,
            title=header.title,
            severity=Severity.INFO if header.level is Level.INFORMATIONAL else Severity(header.level.value),
            threat=_word(header, "threat"),
            techniques=tuple(tag.split(".", 1)[1].upper() for tag in header.tags if _is_technique(tag)),
            principal=group.get("principal") or _text(event, "principal"),
            session=group.get("session") or _text(event, "session"),
            group=group,
            start=parse_moment(window.start) if window is not None else None,
            end=parse_moment(finding.at),
            measure=measure.name if measure is not None else "",
            value=float(measure.value) if measure is not None else 0.0,
            events=tuple(str(one) for one in finding.events[-MAX_EVENTS:]),
            total=finding.total,
            remediation=_word(header, "response"),
        )

    def save(self) -> LiveState:
        """For a checkpoint."""
        matched = {
            header.key: count - before
            for header, count, before in zip(self._engine.headers, self._engine.matched, self._before, strict=True)
            if count > before
        }
        return LiveState(
            self._engine.save(), dict(self._quotas), self._seen, matched, dict(self._alarmed), self._minute
        )

    def load(self, state: LiveState) -> None:
        """Go on where rules, these or others, stood; correlations that mean the same keep what they know."""
        self._engine.adopt(state.engine)
        self._quotas = {key: quota for key, quota in state.quotas.items() if key in self._headers}
        self._seen, self._minute = state.seen, state.minute
        self._alarmed = dict(state.alarmed)
        self._before = [-state.matched.get(header.key, 0) for header in self._engine.headers]


def _word(header: Header, name: str) -> str:
    value = header.custom.get(name, "")
    return value[:1_000] if isinstance(value, str) else ""


def _text(event: dict[str, Any], name: str) -> str:
    value = event.get(name, "")
    return value[:_LONGEST] if isinstance(value, str) else ""


def _is_technique(tag: str) -> bool:
    namespace, _, rest = tag.partition(".")
    return (namespace == "atlas" and rest.startswith("aml.t")) or (
        namespace == "attack" and rest[:1] == "t" and rest[1:2].isdigit()
    )
