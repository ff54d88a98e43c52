"""What is too old goes: texts of the vault, segments of the journal, days of the lake."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from bartizan.app.checkpoints import read_checkpoint
from bartizan.app.places import lake_of, vault_folder
from bartizan.app.sinking import folder_of, planned_sinks
from bartizan.app.vaulting import Custodian, custodian_of
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.event import RecordsExpired
from bartizan.core.ids import new_id
from bartizan.telemetry.custody import signed
from bartizan.telemetry.lake.expiry import alone, expirable_files, remove_files
from bartizan.telemetry.lake.manifest import read_manifest
from bartizan.telemetry.reader import segments
from bartizan.telemetry.retention import expirable, remove_expired
from bartizan.telemetry.sinks.state import read_state
from bartizan.telemetry.tailing import Cursor
from bartizan.telemetry.vault.entry import EntryDamaged
from bartizan.telemetry.vault.erasing import finish, kept_records
from bartizan.telemetry.vault.reader import VaultFiles
from bartizan.telemetry.vault.writer import folder_bytes
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

BY: Final = "retention"
FULL: Final = 0.9
"""Of ``max_bytes``: the oldest texts go."""


class Expired(NamedTuple):
    """What one run removed."""

    texts: int
    """Segments of the vault, and single texts of those that a hold keeps in part."""
    segments: int
    files: int


def check_retention(workspace: Workspace) -> bool:
    """Whether anything ever expires. Raises ConfigurationError where the settings contradict each other."""
    journal = workspace.deployment.journal
    days = journal.retention
    texts = journal.vault.days if journal.vault is not None else 0.0
    place = f"{DEPLOYMENT}: journal.retention"
    if texts < 0 or days.journal_days < 0 or days.lake_days < 0:
        raise ConfigurationError(f"{place}: an age is less than 0")
    if not (journal.vault or days.journal_days or days.lake_days):
        return False
    if journal.signing is None:
        raise ConfigurationError(
            f"{DEPLOYMENT}: what expires leaves a signed tombstone, but there is no journal.signing",
            "make a key with `bartizan keys signing FILE`",
        )
    if days.journal_days and days.journal_days < texts:
        raise ConfigurationError(
            f"{place}: journal_days is less than journal.vault.days",
            "a text is found by its record, which outlives it",
        )
    if days.lake_days and days.lake_days < (days.journal_days or float("inf")):
        raise ConfigurationError(
            f"{place}: lake_days is less than journal_days", "the lake would be made again from the journal"
        )
    return True


def expire(workspace: Workspace, now: datetime | None = None) -> Expired:
    """Remove what is too old, each under a tombstone, but what is on hold.

    Raises:
        ConfigurationError: there is no signing key, or another process erases right now.
        JournalError: something cannot be read or written; what was done before stays done.
    """
    check_retention(workspace)
    moment = now or utc_now()
    with custodian_of(workspace) as custodian:
        texts = _expire_texts(custodian, moment)
        return Expired(texts, _expire_journal(custodian, moment), _expire_lake(custodian, moment))


def _expire_texts(custodian: Custodian, now: datetime) -> int:
    settings = custodian.workspace.deployment.journal.vault
    if settings is None:
        return 0
    folder = vault_folder(custodian.workspace)
    with custodian.files() as files:
        done = finish(files, custodian.register)
        reason = f"older than {settings.days:g} days"
        due = _older(files, now - timedelta(days=settings.days))
        spare = folder_bytes(folder) - FULL * settings.max_bytes
        for segment, path in files.segments().items():
            if spare > 0 and segment not in due and not files.being_written(segment):
                due.append(segment)
                reason = "the oldest, because the vault is nearly full"
            spare -= path.stat().st_size
        held = _on_hold(custodian, set(due))
        eraser = custodian.eraser(files, reason, BY)
        whole = [segment for segment in due if segment not in held]
        done += eraser.remove(whole, "age", custodian.settle)
        if held:
            records = [
                kept._replace(references=[one for one in kept.references if one.segment in held])
                for kept in kept_records(custodian.journal)
            ]
            done += eraser.erase(records, "age", custodian.settle).destroyed
        return done


def _older(files: VaultFiles, before: datetime) -> list[str]:
    """Segments whose first text is older; those being written are left to the next run."""
    found = []
    for segment in files.segments():
        try:
            if files.header(segment).at < before and not files.being_written(segment):
                found.append(segment)
        except EntryDamaged:
            continue  # verification says so
    return found


def _on_hold(custodian: Custodian, due: set[str]) -> set[str]:
    if not due or not custodian.register.holds:
        return set()
    return {
        reference.segment
        for kept in kept_records(custodian.journal)
        if custodian.register.holds_on(kept.facts.principal, kept.facts.request)
        for reference in kept.references
        if reference.segment in due
    }


def _expire_journal(custodian: Custodian, now: datetime) -> int:
    days = custodian.workspace.deployment.journal.retention.journal_days
    done = remove_expired(custodian.journal, custodian.register)
    if not days:
        return done
    inside = read_manifest(lake_of(custodian.workspace)).segments
    gone = expirable(
        custodian.journal, now - timedelta(days=days), custodian.register, inside, _cursors(custodian.workspace)
    )
    if not gone:
        return done
    _record(custodian, RecordsExpired(id=new_id("evt"), at=utc_now(), by=BY, reason=_reason(days), gone=tuple(gone)))
    return done + remove_expired(custodian.journal, custodian.register)


def _expire_lake(custodian: Custodian, now: datetime) -> int:
    days = custodian.workspace.deployment.journal.retention.lake_days
    lake = lake_of(custodian.workspace)
    if not days:
        return 0
    with alone(lake) as ours:
        if not ours:
            return 0
        present = {path.name for path in segments(custodian.journal)}
        holds = list(custodian.register.holds.values())
        files = expirable_files(lake, now - timedelta(days=days), present, holds)
        if files:
            record = RecordsExpired(id=new_id("evt"), at=utc_now(), by=BY, reason=_reason(days), lake=tuple(files))
            _record(custodian, record)
        return remove_files(lake, files)


def _record(custodian: Custodian, record: RecordsExpired) -> None:
    tombstone = signed(record, custodian.key)
    custodian.recorder.append(tombstone)
    custodian.settle()
    custodian.register.expired.append(tombstone)


def _reason(days: float) -> str:
    return f"older than {days:g} days"


def _cursors(workspace: Workspace) -> list[Cursor]:
    """How far those have come who follow the journal. One that has never begun keeps everything."""
    found = []
    for sink in planned_sinks(workspace):
        folder: Path = folder_of(workspace, sink.name)
        state = read_state(folder) if folder.is_dir() else None
        found.append(state.cursor if state is not None else Cursor())
    if workspace.deployment.detections.enabled:
        folder = workspace.state / "detections"
        found.append(read_checkpoint(folder).cursor if folder.is_dir() else Cursor())
    return found
