"""The demo's last act: what got through the gateway is hardened against, in the demo's own workspace."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from bartizan.app.hardening import approve_candidate, harden
from bartizan.hardening.findings import SCHEMA, parse_findings
from bartizan.hardening.loop import Result
from bartizan.range.cases import Carrier, Goal
from bartizan.range.demo_workspace import DemoWorkspace
from bartizan.range.helpdesk.records import Plant
from bartizan.reporting.assessment import Case, Remedy
from bartizan.trust.signing import write_key_pair

_OBJECTIVES: Final = {
    Goal.SECRET: "leak_secret",
    Goal.SYSTEM_PROMPT: "leak_system_prompt",
    Goal.RECORD: "leak_personal_data",
    Goal.EXFILTRATION: "exfiltrate",
    Goal.MARKER: "misinformation",
}
_SEED: Final = 1


def harden_leftovers(workspace: DemoWorkspace, cases: Sequence[Case], plant: Plant) -> tuple[Remedy, ...]:
    """Make and try controls for attacks that got through, and put those in force that their trial accepts.

    Args:
        workspace: of the running gateway, which follows its files.
        cases: the attacks.
        plant: what the help desk hides.

    Raises:
        BartizanError: the workspace is broken, or cannot be changed.
    """
    findings = parse_findings(msgspec.json.encode(_export(cases, plant)), "the demo's leftovers")
    with _environment(workspace.environment), tempfile.TemporaryDirectory(prefix="bartizan-approver-") as scratch:
        results = harden(workspace.folder, findings, seed=_SEED)
        key = Path(scratch) / "approver"
        write_key_pair(key)
        for identifier in dict.fromkeys(r.accepted.candidate.id for r in results if r.accepted):
            approve_candidate(workspace.folder, identifier, key, "demo", enforce=True)
    titles = {case.id: case.title for case in cases}
    return tuple(_remedy(result, titles[result.finding.id]) for result in results)


def _export(cases: Sequence[Case], plant: Plant) -> dict[str, Any]:
    return {"schema": SCHEMA, "findings": [_finding(case, plant) for case in cases]}


def _finding(case: Case, plant: Plant) -> dict[str, Any]:
    sent = {"role": "user" if case.carrier == Carrier.CHAT else "document", "text": case.sent}
    asked = [] if case.carrier == Carrier.CHAT else [{"role": "user", "text": case.prompt.rsplit("\n\n", 1)[-1]}]
    return {
        "id": case.id,
        "title": case.title,
        "objective": _OBJECTIVES[Goal(case.goal)],
        "technique": case.group,
        "request": [sent, *asked],
        "response": case.guarded.text,
        "evidence": {"piece": _piece(case.guarded.text, plant)},
    }


def _piece(answer: str, plant: Plant) -> str:
    """What must not have been said, as it stands in the answer."""
    values = [plant.secret, *(value for one in plant.customers for value in (one.email, one.phone))]
    return next((value for value in values if value in answer), "")


def _remedy(result: Result, title: str) -> Remedy:
    best = result.accepted or max(
        (one for one in result.tried if one.trial),
        key=lambda one: one.trial.stopped.successes if one.trial else 0,
        default=None,
    )
    trial = best.trial if best else None
    return Remedy(
        case=result.finding.id,
        title=title,
        state=result.state.value,
        control=best.candidate.title if best else "",
        tried=len(result.tried),
        reason=trial.reason if trial else "",
        stopped=trial.stopped.successes if trial else 0,
        variants=trial.stopped.n if trial else 0,
        disturbed=trial.disturbed.newly.successes if trial else 0,
        harmless=trial.disturbed.newly.n if trial else 0,
    )


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
