"""Findings of a run: one for each case that reached its goal, with the plainest of its successes, ready to be replayed.

The export (``bartizan/redteam-findings/v1``) holds texts in clear: a campaign's transcripts are the tester's own data.
"""

from __future__ import annotations

import shlex
from typing import Any

import msgspec

from bartizan.core.stats import Rate
from bartizan.core.threat import Severity, Threat
from bartizan.redteam.attempt import Attempt
from bartizan.redteam.case import Case
from bartizan.redteam.errors import RunError
from bartizan.redteam.journal import TrialEnded
from bartizan.redteam.results import Run
from bartizan.redteam.severity import severity_of, threat_of
from bartizan.redteam.targets.messages import tool_name
from bartizan.redteam.taxonomy import EntryPoint, Objective, Outcome
from bartizan.redteam.trial import digest

MAX_TEXT = 50_000
"""Characters of one exported text."""
_ORDER = tuple(Severity)


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One text that was sent: ``role`` is ``user``, or the entry point at which it was planted."""

    role: str
    text: str
    title: str = ""
    form: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What decided."""

    oracle: str
    reason: str
    piece: str


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """Another attempt that succeeded with the same case."""

    attempt: str
    converters: tuple[str, ...]
    strategy: str


class RedTeamFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A case that reached its goal."""

    id: str
    """Digest of target and case: the same weakness has the same id in every campaign."""
    case: str
    title: str
    entry_point: EntryPoint
    objective: Objective
    technique: str
    converters: tuple[str, ...]
    strategy: str
    threat: Threat
    severity: Severity
    references: tuple[str, ...]
    target: dict[str, str]
    attempt: str
    request: tuple[Message, ...]
    """In the order in which it was sent."""
    response: str
    calls: tuple[dict[str, str], ...]
    """Tool calls as traced: ``name`` and ``arguments``."""
    tools: tuple[dict[str, str], ...]
    """Planted tools: ``name`` and ``description``."""
    evidence: Evidence
    hits: int
    trials: int
    """Of this case; inconclusive ones left out."""
    interval: tuple[float, float]
    """95%, Wilson."""
    reproduction: str
    variants: tuple[Variant, ...]
    remediation: str = "bartizan harden proposes controls; try them on held-out variants and benign traffic."


def findings_of(run: Run) -> list[RedTeamFinding]:
    """The worst first."""
    by_case: dict[str, list[TrialEnded]] = {}
    for trial in run.trials:
        by_case.setdefault(trial.case, []).append(trial)
    found = [
        _finding(run, run.cases[case], trials)
        for case, trials in by_case.items()
        if case in run.cases and any(trial.outcome is Outcome.HIT for trial in trials)
    ]
    return sorted(found, key=lambda one: (-_ORDER.index(one.severity), -one.hits / max(one.trials, 1), one.case))


def find(run: Run, name: str) -> tuple[Attempt, Case]:
    """The attempt behind a finding's, a case's or an attempt's id. Raises RunError when there is none."""
    for finding in findings_of(run):
        if name in {finding.id, finding.case}:
            return run.attempt(finding.attempt), run.cases[finding.case]
    attempt = run.attempt(name)
    if attempt.case not in run.cases:
        raise RunError(f"{run.folder} does not hold the case {attempt.case}")
    return attempt, run.cases[attempt.case]


def export(run: Run) -> dict[str, Any]:
    """What ``bartizan redteam findings --format json`` prints beside its schema."""
    plan = run.plan
    return {
        "campaign": plan.name,
        "target": _target(run),
        "scope": {"file": plan.scope, "sha256": plan.scope_sha256},
        "started": plan.started,
        "product": plan.product,
        "trials": {
            "planned": plan.trials,
            **{outcome.value: run.count(outcome) for outcome in Outcome},
            "not_needed": len(run.not_needed),
            "missing": run.missing,
        },
        "findings": findings_of(run),
    }


def _finding(run: Run, case: Case, trials: list[TrialEnded]) -> RedTeamFinding:
    hits: list[Attempt] = []
    for trial in trials:
        hits += [attempt for attempt in run.attempts(trial) if attempt.outcome is Outcome.HIT]
    if not hits:
        raise RunError(f"{run.folder}: a trial of {case.id} says hit, but no attempt does")
    best = min(hits, key=lambda one: (len(one.converters), one.index, len(one.turns), one.id))
    counted = [trial for trial in trials if trial.outcome is not Outcome.INCONCLUSIVE]
    rate = Rate(sum(1 for trial in counted if trial.outcome is Outcome.HIT), len(counted))
    calls = [call for turn in best.turns for call in turn.reply.tool_calls]
    replies = [turn.reply for turn in best.turns]
    said = [text for one in replies for text in ("" if one.text in one.remains else one.text, one.remains)]
    plain = any(one.index == 0 and not one.converters for one in hits)
    name = f"rt-{digest(run.plan.target, case.id)}"
    return RedTeamFinding(
        id=name,
        case=case.id,
        title=case.title,
        entry_point=case.entry_point,
        objective=case.objective,
        technique=case.technique,
        converters=best.converters,
        strategy=best.strategy,
        threat=threat_of(case),
        severity=severity_of(case, attempts=[one.index for one in hits], plain=plain),
        references=case.references,
        target=_target(run),
        attempt=best.id,
        request=request_of(best, case),
        response="\n".join(filter(None, said))[:MAX_TEXT],
        calls=tuple({"name": call.name, "arguments": call.arguments[:MAX_TEXT]} for call in calls[:50]),
        tools=_tools(best, case),
        evidence=Evidence(
            oracle=best.judgement.oracle, reason=best.judgement.reason, piece=best.judgement.evidence[:MAX_TEXT]
        ),
        hits=rate.successes,
        trials=rate.n,
        interval=rate.interval,
        reproduction=f"bartizan redteam replay {name} --run {shlex.quote(str(run.folder))}",
        variants=tuple(
            Variant(attempt=one.id, converters=one.converters, strategy=one.strategy) for one in hits if one is not best
        )[:200],
    )


def request_of(attempt: Attempt, case: Case) -> tuple[Message, ...]:
    """Everything that was sent or planted in one attempt."""
    out: list[Message] = []
    for turn in attempt.turns:
        out += (
            Message(role=case.entry_point.value, title=one.title, form=one.form, text=one.content[:MAX_TEXT])
            for one in turn.planted
        )
        out.append(Message(role="user", text=turn.sent[:MAX_TEXT]))
    return tuple(out)


def _tools(attempt: Attempt, case: Case) -> tuple[dict[str, str], ...]:
    if case.entry_point is not EntryPoint.TOOL_METADATA:
        return ()
    planted = (one for turn in attempt.turns for one in turn.planted)
    return tuple({"name": tool_name(one.title, "lookup"), "description": one.content[:MAX_TEXT]} for one in planted)


def _target(run: Run) -> dict[str, str]:
    plan = run.plan
    return {"id": plan.target, "kind": plan.target_kind, "url": plan.target_url, "model": plan.model}
