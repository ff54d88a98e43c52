"""A person approves a tried candidate, or takes an approved control back: each is a new signed version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.event import ControlChanged
from bartizan.core.ids import new_id
from bartizan.hardening.book import Proposal
from bartizan.hardening.candidate import Kind
from bartizan.hardening.change import POLICY
from bartizan.hardening.evidence import document, evidence_of
from bartizan.hardening.findings import LEAKS
from bartizan.hardening.gates import Decision
from bartizan.hardening.monitoring import monitored
from bartizan.hardening.record import (
    Case,
    ControlRecord,
    Measured,
    cases_name,
    encode_cases,
    read_record,
    read_records,
    record_name,
)
from bartizan.hardening.reverify import spared
from bartizan.hardening.shipping import Shipment, alone, ship
from bartizan.hardening.trial import StackOf, Trial
from bartizan.hardening.trusting import Trust
from bartizan.hardening.undoing import undo_of, undone
from bartizan.policy.document import PolicyDocument
from bartizan.trust.signing import SigningKey
from bartizan.workspace.document import loads
from bartizan.workspace.signed import Seal, content_digest, next_version, sign
from bartizan.workspace.snapshot import SIGNED, read_files
from bartizan.workspace.workspace import Workspace

Retry = Callable[[Proposal, Mapping[str, bytes]], Proposal]
"""The proposal with all its trials done again as they were done, but on the workspace as it is now."""
Sound = Callable[[Mapping[str, bytes]], None]
"""Raises BartizanError for watched files that a person could not sign: rules whose cases fail among them."""


def approve(
    workspace: Workspace,
    proposal: Proposal,
    key: SigningKey,
    by: str,
    *,
    enforce: bool,
    stack_of: StackOf,
    sound: Sound,
    retry: Retry,
) -> ControlRecord:
    """Put a tried candidate into the workspace, signed.

    Args:
        workspace: is changed.
        proposal: what was tried.
        key: of the person who approves.
        by: who that is.
        enforce: not first in monitor form, whatever policy says.
        stack_of: builds the guards of the changed workspace, to see that it can come into force.
        sound: checks everything else in it.
        retry: called when the workspace is no longer the one that the candidate was tried on.

    Raises:
        ConfigurationError: it was not accepted, is approved already, no longer passes, would weaken another control,
            or cannot be written; or the workspace holds edits that nobody signed.
        DocumentError: a workspace file is broken.
    """
    with alone(workspace):
        candidate, trial = proposal.tried.candidate, proposal.tried.trial
        if trial is None or trial.decision is not Decision.ACCEPTED:
            raise ConfigurationError(
                f"{candidate.id} was not accepted by its trial", "only accepted ones can be approved"
            )
        files, old = read_files(workspace.root), None
        trust = Trust(workspace, key.public)
        trust.require(files)
        others = _others(workspace, candidate.id, trust)
        if (workspace.root / record_name(candidate.id)).exists():
            old = read_record(workspace.root, candidate.id)
            trust.check(old)
            if old.state == "enforced" or not enforce:
                raise ConfigurationError(
                    f"{candidate.id} is approved already", "enforce it with --enforce" if old.state == "monitor" else ""
                )
            files = undone(files, old, others)
        if content_digest(files) != proposal.base:
            proposal = retry(proposal, files)
            trial = proposal.tried.trial
            if trial is None or trial.decision is not Decision.ACCEPTED:
                now_it = trial.reason if trial else "there is no trial"
                raise ConfigurationError(f"the workspace changed since the trial, and now: {now_it}", "propose again")
        policy = loads(files.get(POLICY, b"version: 1\n"), POLICY, PolicyDocument)
        watch = policy.hardening.monitor_first and not enforce
        change = monitored(candidate, policy) if watch else candidate.change
        after = change.apply(files)
        sound(after)
        spared(others, files, after, stack_of, candidate.secrets, workspace.state)
        now = utc_now()
        cases = _cases(proposal, trial)
        # What was leaked must not reach version control by way of its own regression case.
        private = encode_cases(cases) if candidate.kind is Kind.CANARY or _leaks(proposal) else b""
        record = ControlRecord(
            id=candidate.id,
            kind=candidate.kind,
            depth=candidate.depth,
            title=candidate.title,
            note=candidate.note,
            strengthens=candidate.control,
            layer=candidate.layer,
            state="monitor" if watch else "enforced",
            change=change,
            undo=tuple(undo_of(files, setting, others) for setting in change.settings),
            cases=() if private else cases,
            private_cases=hashlib.sha256(private).hexdigest() if private else "",
            findings=tuple(case.finding for case in cases),
            trial=_measured(trial, proposal.seed),
            approved_by=by,
            approved_at=now,
            verify_by=now + timedelta(days=policy.hardening.verify_days),
            expires_at=now + timedelta(days=policy.hardening.expires_days),
            version=next_version(workspace, files, [Seal(workspace).last()]),
            key="",
        ).signed(key)
        kept = {place: value.encode() for place, value in candidate.secrets.items()}
        if private:
            kept[cases_name(record.id)] = private
        ship(workspace, _shipment(workspace, record, after, kept, key, now, by))
        return record


def rollback(
    workspace: Workspace, identifier: str, key: SigningKey, by: str, *, stack_of: StackOf, sound: Sound
) -> int:
    """Take a control back, as a new signed version, which is returned.

    Raises:
        ConfigurationError: it is not approved, its record or the workspace is not what was signed, a setting was
            changed since, or the workspace cannot be written.
        DocumentError: a workspace file is broken.
    """
    with alone(workspace):
        record = read_record(workspace.root, identifier)
        files = read_files(workspace.root)
        trust = Trust(workspace, key.public)
        trust.require(files)
        trust.check(record)
        others = _others(workspace, identifier, trust)
        after = undone(files, record, others)
        sound(after)
        spared(others, files, after, stack_of, {}, workspace.state)
        version = next_version(workspace, files, [Seal(workspace).last()])
        after[SIGNED] = sign(after, version, key, f"roll back {identifier}", utc_now())
        event = _event(record, "rolled_back", f"{by} ({key.public.id})", version)
        removed = (*(name for name in record.change.files if name in files), record_name(identifier))
        changed = {name: content for name, content in after.items() if files.get(name) != content}
        ship(workspace, Shipment(files=changed, removed=removed, event=event))
        return version


def _others(workspace: Workspace, identifier: str, trust: Trust) -> list[ControlRecord]:
    """Those that are approved besides ``identifier``; what nobody trusted signed must not bear on what is signed."""
    others = [record for record in read_records(workspace.root) if record.id != identifier]
    for record in others:
        trust.check(record)
    return others


def _shipment(
    workspace: Workspace,
    record: ControlRecord,
    after: dict[str, bytes],
    kept: Mapping[str, bytes],
    key: SigningKey,
    now: datetime,
    by: str,
) -> Shipment:
    after[SIGNED] = sign(after, record.version, key, f"approve {record.id}", now)
    before = read_files(workspace.root)
    changed = {name: content for name, content in after.items() if before.get(name) != content}
    changed[record_name(record.id)] = record.encode()
    enforced, method = record.state == "enforced", "held-out live variants stopped"
    evidence = evidence_of(record, record.trial.stopped, method, now, record.verify_by, enforced)
    name, content = document(record, evidence, trial=msgspec.to_builtins(record.trial))
    private = {name: content, **kept}
    state = "monitored" if record.state == "monitor" else "enforced"
    event = _event(record, state, f"{by} ({key.public.id})", record.version)
    gone = tuple(name for name in before if name not in after)
    return Shipment(files=changed, removed=gone, private=private, event=event)


def _event(record: ControlRecord, state: Any, by: str, version: int) -> ControlChanged:
    return ControlChanged(
        id=new_id("evt"),
        at=utc_now(),
        control=record.id,
        state=state,
        strengthens=record.strengthens,
        finding=record.findings[0],
        by=by,
        version=version,
        stopped=record.trial.stopped.successes,
        variants=record.trial.stopped.n,
        reason=record.trial.reason,
    )


def _leaks(proposal: Proposal) -> bool:
    findings = (proposal.finding, *(one.finding for one in proposal.covers))
    return any(one.objective in LEAKS or one.objective.startswith("leak") for one in findings)


def _cases(proposal: Proposal, trial: Trial) -> tuple[Case, ...]:
    first = Case(
        finding=proposal.finding.id,
        title=proposal.finding.title,
        exchange=proposal.exchange,
        variants=trial.variants,
    )
    more = (
        Case(finding=one.finding.id, title=one.finding.title, exchange=one.exchange, variants=one.trial.variants)
        for one in proposal.covers
        if one.trial.decision is Decision.ACCEPTED
    )
    return (first, *more)


def _measured(trial: Trial, seed: int) -> Measured:
    return Measured(
        reason=trial.reason,
        stopped=trial.stopped,
        made=trial.made,
        disturbed=trial.disturbed,
        seed=seed,
        digest=trial.digest,
    )
