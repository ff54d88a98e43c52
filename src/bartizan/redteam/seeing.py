"""The purple-team check: which attempts of a campaign guards and detection rules saw, by what the journal holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from bartizan.core.event import Event, FindingRaised, RequestAccepted, RequestCompleted, RequestRefused
from bartizan.core.stats import Rate
from bartizan.core.verdict import Action
from bartizan.redteam.attempt import Attempt
from bartizan.redteam.results import Run
from bartizan.redteam.taxonomy import Outcome

_REQUESTS = (RequestAccepted, RequestCompleted, RequestRefused)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one attempt."""

    attempt: str
    case: str
    technique: str
    outcome: Outcome
    guards: tuple[str, ...]
    """Names of guards that raised a signal on one of its requests, or on its answer."""
    blocked: bool
    rules: tuple[str, ...]
    """Titles of detection rules with a finding whose events are of its requests."""


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """The whole campaign."""

    attempts: tuple[Seen, ...]
    """Conclusive ones that the journal knows."""
    unknown: int
    """Conclusive ones without a request id, or of whose requests the journal holds nothing: in no rate."""
    hits_unknown: int
    """Of these, those that succeeded."""
    by_guard: Rate
    by_rule: Rate
    hits_by_rule: Rate
    """Of the attempts that succeeded."""
    rules: dict[str, int]
    """Rule to attempts that it saw."""
    findings: int
    """That rules raised in this journal at all: without any, rules may not have run."""


def sight(run: Run, events: Iterable[Event]) -> Sight:
    """Join the attempts of ``run`` to ``events`` by request, and those to findings by event."""
    wanted = {
        turn.reply.request: attempt.id for attempt in _conclusive(run) for turn in attempt.turns if turn.reply.request
    }
    guards: dict[str, set[str]] = defaultdict(set)
    blocked: set[str] = set()
    owner: dict[str, str] = {}
    findings: list[FindingRaised] = []
    for event in events:
        if isinstance(event, FindingRaised):
            findings.append(event)
        elif isinstance(event, _REQUESTS) and event.request in wanted:
            attempt = wanted[event.request]
            owner[event.id] = attempt
            guards[attempt].update(signal.guard.value for signal in event.signals)
            if event.action is Action.BLOCK:
                blocked.add(attempt)
    rules: dict[str, set[str]] = defaultdict(set)
    for finding in findings:
        for name in finding.events:
            if name in owner:
                rules[owner[name]].add(finding.title)
    known = set(owner.values())
    rows = tuple(
        Seen(
            attempt=attempt.id,
            case=attempt.case,
            technique=run.cases[attempt.case].technique,
            outcome=attempt.outcome,
            guards=tuple(sorted(guards[attempt.id])),
            blocked=attempt.id in blocked,
            rules=tuple(sorted(rules[attempt.id])),
        )
        for attempt in _conclusive(run)
        if attempt.id in known
    )
    hits = [row for row in rows if row.outcome is Outcome.HIT]
    return Sight(
        attempts=rows,
        unknown=len(_conclusive(run)) - len(rows),
        hits_unknown=sum(one.outcome is Outcome.HIT for one in _conclusive(run)) - len(hits),
        by_guard=Rate(sum(bool(row.guards) for row in rows), len(rows)),
        by_rule=Rate(sum(bool(row.rules) for row in rows), len(rows)),
        hits_by_rule=Rate(sum(bool(row.rules) for row in hits), len(hits)),
        rules=dict(Counter(rule for row in rows for rule in row.rules).most_common()),
        findings=len(findings),
    )


def _conclusive(run: Run) -> list[Attempt]:
    every = (attempt for trial in run.trials for attempt in run.attempts(trial))
    return [attempt for attempt in every if attempt.outcome is not Outcome.INCONCLUSIVE]
