"""The demo's last act: what got through the gateway is hardened against, in the demo's own workspace."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from bartizan.app.hardening import approve_candidate, harden
from bartizan.core.errors import BartizanError
from bartizan.hardening.declared import Declared
from bartizan.hardening.findings import SCHEMA, RedTeamFinding, parse_findings
from bartizan.hardening.loop import Result, State
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


def harden_leftovers(workspace: DemoWorkspace, cases: Sequence[Case], plant: Plant) -> Callable[[], tuple[Remedy, ...]]:
    """Make and try controls for attacks that got through.

    Args:
        workspace: of the running gateway, which follows its files.
        cases: the attacks.
        plant: what the help desk hides.

    Returns:
        What puts those in force that their trial accepted; raises BartizanError when the workspace cannot be changed.

    Raises:
        BartizanError: the workspace is broken.
    """
    known = tuple(value for one in plant.customers for value in (one.email, one.phone))
    with _environment(workspace.environment):
        results = harden(workspace.folder, leftovers(cases, plant), seed=_SEED, declared=Declared(values=known))
    return partial(_approve, workspace, results, {case.id: case.title for case in cases}, known)


def _approve(
    workspace: DemoWorkspace, results: Sequence[Result], titles: Mapping[str, str], known: tuple[str, ...]
) -> tuple[Remedy, ...]:
    with _environment(workspace.environment), tempfile.TemporaryDirectory(prefix="bartizan-approver-") as scratch:
        key = Path(scratch) / "approver"
        write_key_pair(key)
        refused: dict[str, str] = {}
        for identifier in dict.fromkeys(r.accepted.candidate.id for r in results if r.accepted):
            try:
                approve_candidate(workspace.folder, identifier, key, "demo", enforce=True, known=known)
            except BartizanError as error:  # one that would weaken another: the report says so
                refused[identifier] = error.cause
    return tuple(_remedy(result, titles[result.finding.id], refused) for result in results)


def leftovers(cases: Sequence[Case], plant: Plant) -> tuple[RedTeamFinding, ...]:
    """Attacks that got through, as a campaign exports findings."""
    export = {"schema": SCHEMA, "findings": [_finding(case, plant) for case in cases]}
    return parse_findings(msgspec.json.encode(export), "the demo's leftovers")


def _finding(case: Case, plant: Plant) -> dict[str, Any]:
    sent = {"role": "user" if case.carrier == Carrier.CHAT else "document", "text": case.sent}
    asked = [{"role": "user", "text": text} for text in _asked(case)]
    return {
        "id": case.id,
        "title": case.title,
        "objective": _OBJECTIVES[Goal(case.goal)],
        "technique": case.group,
        "request": [sent, *asked],
        "response": case.guarded.text,
        "evidence": {"piece": _piece(case.guarded.text, plant)},
    }


def _asked(case: Case) -> list[str]:
    """What an unsuspecting person asks about material: before an e-mail, after an article."""
    match Carrier(case.carrier):
        case Carrier.CHAT:
            return []
        case Carrier.EMAIL:
            return [case.prompt.partition("\n\n")[0]]
        case Carrier.ARTICLE:
            return [case.prompt.rpartition("\n\n")[2]]


def _piece(answer: str, plant: Plant) -> str:
    """What must not have been said, as it stands in the answer."""
    values = [plant.secret, *(value for one in plant.customers for value in (one.email, one.phone))]
    return next((value for value in values if value in answer), "")


def _remedy(result: Result, title: str, refused: Mapping[str, str]) -> Remedy:
    best = result.accepted or max(
        (one for one in result.tried if one.trial),
        key=lambda one: one.trial.stopped.successes if one.trial else 0,
        default=None,
    )
    trial = best.trial if best else None
    problem = refused.get(best.candidate.id, "") if best else ""
    return Remedy(
        case=result.finding.id,
        title=title,
        state=State.OPEN.value if problem else result.state.value,
        control=best.candidate.title if best else "",
        tried=len(result.tried),
        reason=problem or (trial.reason if trial else ""),
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
