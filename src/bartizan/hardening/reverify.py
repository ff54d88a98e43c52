"""Whether approved controls still hold: their regression cases run again, offline, on the workspace as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePath
from typing import Final, Literal

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.event import ControlChanged
from bartizan.core.ids import new_id
from bartizan.hardening.distinct import distinct
from bartizan.hardening.evidence import document, evidence_of
from bartizan.hardening.gates import LEAST_STOPPED, LEAST_VARIANTS, Count, count
from bartizan.hardening.holding import lost
from bartizan.hardening.record import Case, ControlRecord, cases_of
from bartizan.hardening.shipping import tell
from bartizan.hardening.stack import Layer, Stack
from bartizan.hardening.trial import StackOf
from bartizan.trust.signing import SignatureInvalid, TrustedKeys
from bartizan.workspace.files import write_file
from bartizan.workspace.workspace import Workspace

_ON_TOP: Final = "propose again: what is proposed then goes on top of what stands"


State = Literal["verified", "monitored", "decayed", "expired", "inconclusive"]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one control."""

    id: str
    state: State
    reason: str
    stopped: Count
    due: bool
    """Its evidence had run out before this."""
    signed: bool
    """Whether a trusted key signed its record. Where none did, nothing was run, and nothing that it says counts."""


def reverify(
    record: ControlRecord, files: Mapping[str, bytes], stack: Stack, keys: TrustedKeys | None, state: Path
) -> Held:
    """Run the regression cases of one control whose record a trusted key signed.

    Args:
        record: as it stands in the workspace.
        files: the workspace's.
        stack: its guards.
        keys: whose signatures count; None if nobody said, and then the result is inconclusive.
        state: the state directory, where cases are that hold what was leaked.
    """
    now = utc_now()
    stopped, signed = count(0, 0), False
    how: State
    try:
        if keys is None:
            how, reason = "inconclusive", "nobody said whose signatures count: name --key, or snapshots.keys"
        else:
            record.verify(keys)
            signed = True
            stopped, passing = rerun(cases_of(record, state), record.layer, stack)
            how, reason = _state(record, files, stopped, passing, now)
    except SignatureInvalid as error:
        how, reason = "decayed", f"its record is not what was signed: {error.cause}"
    except BartizanError as error:
        how, reason = "decayed", error.cause
    return Held(id=record.id, state=how, reason=reason, stopped=stopped, due=now > record.verify_by, signed=signed)


def bereft(files: Mapping[str, bytes], known: Collection[str]) -> list[Held]:
    """Controls whose rule stands in the workspace and whose record is gone: nothing shows that they hold.

    Args:
        files: the workspace's.
        known: ids of the controls that have a record.
    """
    stems = [PurePath(name).stem for name in sorted(files) if name.startswith("rules/hc-")]
    reason = "its record is gone: restore it from version control, or take out what is left of it"
    return [
        Held(id=stem, state="decayed", reason=reason, stopped=count(0, 0), due=False, signed=False)
        for stem in stems
        if stem not in known
    ]


def rerun(cases: Sequence[Case], layer: Layer, stack: Stack) -> tuple[Count, list[str]]:
    """How many variants ``stack`` stops of those that a control of ``layer`` can tell apart; the findings that pass."""
    rows = distinct((row for case in cases for row in case.variants), layer)
    stopped = count(sum(stack.stops_attack(row) is not None for row in rows), len(rows))
    return stopped, [case.finding for case in cases if stack.stops_attack(case.exchange) is None]


def spared(
    others: Sequence[ControlRecord],
    files: Mapping[str, bytes],
    after: Mapping[str, bytes],
    stack_of: StackOf,
    secrets: Mapping[str, str],
    state: Path,
) -> None:
    """Return if ``after`` can come into force and no control that holds in ``files`` is lost or weaker in it.

    Args:
        others: the controls that are to stay.
        files: the workspace as it is.
        after: as it is to be.
        stack_of: builds the guards of both.
        secrets: values by file below the state that are not written yet.
        state: the state directory, where cases are that hold what was leaked.

    Raises:
        ConfigurationError: one is, or the files contradict each other.
        DocumentError: a file is broken.
    """
    stack, before = stack_of(after, secrets), None
    for record in others:
        if lost(record.change, files):
            continue
        if gone := lost(record.change, after):
            raise ConfigurationError(f"the control {record.id} would be lost or weaker: {gone}", _ON_TOP)
        if record.state != "enforced":
            continue
        cases = cases_of(record, state)
        if short := _short(*rerun(cases, record.layer, stack)):
            before = before or stack_of(files, {})
            if not _short(*rerun(cases, record.layer, before)):
                raise ConfigurationError(f"the control {record.id} would be weaker: {short}", _ON_TOP)


def _short(stopped: Count, passing: Sequence[str]) -> str:
    """Why so much is too little; empty where it is enough."""
    if passing:
        return f"the finding {passing[0]} passes again"
    few = stopped.n < LEAST_VARIANTS and stopped.successes == stopped.n
    if stopped.interval[0] < LEAST_STOPPED and not few:
        return f"stops {stopped.successes} of {stopped.n} variants: at least {stopped.interval[0]:.1%}"
    return ""


def keep(workspace: Workspace, record: ControlRecord | None, held: Held, expires: datetime) -> None:
    """Write the result as an event and, where something signed was run, as evidence.

    Args:
        workspace: in whose state both are kept.
        record: of the control; what it says counts only if it is signed. None: it has none.
        held: the result.
        expires: until when evidence counts.

    Raises:
        ConfigurationError: the evidence cannot be written.
        JournalError: the event cannot be.
    """
    signed = record if held.signed else None
    if signed is not None and held.stopped.n:
        enforced = held.state == "verified"
        evidence = evidence_of(signed, held.stopped, "regression variants stopped", utc_now(), expires, enforced)
        name, content = document(signed, evidence, state=held.state, reason=held.reason)
        write_file(workspace.state / name, name, content)
    tell(
        workspace,
        ControlChanged(
            id=new_id("evt"),
            at=utc_now(),
            control=held.id,
            state=held.state,
            strengthens=signed.strengthens if signed is not None else "",
            finding=signed.findings[0] if signed is not None and signed.findings else "",
            version=signed.version if signed is not None else 0,
            stopped=held.stopped.successes,
            variants=held.stopped.n,
            reason=held.reason,
        ),
    )


def _state(
    record: ControlRecord,
    files: Mapping[str, bytes],
    stopped: Count,
    passing: list[str],
    now: datetime,
) -> tuple[State, str]:
    """Of a signed record."""
    if not record.change.settings and not record.change.files:
        return "decayed", "it changes nothing"
    if gone := lost(record.change, files):
        return "decayed", f"its change is no longer in the workspace: {gone}"
    if now > record.expires_at:
        return "expired", f"it expired on {record.expires_at:%Y-%m-%d}: propose it anew, or roll it back"
    if record.state == "monitor":
        return "monitored", "it only records; that is no evidence of enforcement"
    if short := _short(stopped, passing):
        return "decayed", short
    if stopped.n < LEAST_VARIANTS:
        return "inconclusive", f"its cases hold {stopped.n} different variants: {LEAST_VARIANTS} are needed"
    return "verified", f"stops {stopped.successes} of {stopped.n} variants (at least {stopped.interval[0]:.1%})"
