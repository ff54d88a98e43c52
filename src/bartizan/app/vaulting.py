"""Reading, erasing and holding the texts of a workspace's vault."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bartizan.app.events import locked, signing_key_of, trusted_keys
from bartizan.app.places import journal_of, vault_folder, vault_keys_of
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.event import ContentRead, Event, HoldPlaced, HoldReleased
from bartizan.core.ids import new_id
from bartizan.telemetry.custody import WRITER, Register, register_of, signed
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.retention import remove_expired
from bartizan.telemetry.vault.entry import EntryDamaged
from bartizan.telemetry.vault.erasing import Eraser, Erasure, finish, records_of
from bartizan.telemetry.vault.reader import VaultFiles
from bartizan.trust.signing import SigningKey, TrustedKeys
from bartizan.trust.vault_keys import open_sealed
from bartizan.workspace.workspace import DEPLOYMENT, Workspace


class ReadText(NamedTuple):
    """One text, or why there is none."""

    event: str
    kind: str
    request: str
    principal: str
    text: str
    missing: str
    """Empty if there is one."""


def account() -> str:
    """The account that this process runs under, as the system has it and not as the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def read_texts(workspace: Workspace, identifier: str, reason: str, keys: Path | None) -> list[ReadText]:
    """The texts of a record, or of all records of a request; that they are read is on record before they are given.

    Args:
        workspace: the workspace.
        identifier: id of a record or of a request.
        reason: why.
        keys: folder of the vault's keys; None takes the deployment's.

    Raises:
        ConfigurationError: no folder of keys is known.
        JournalError: nothing was kept of it, or the journal cannot be read or written.
        VaultClosed: a private key is not there.
    """
    folder = keys or vault_keys_of(workspace)
    if folder is None:
        raise ConfigurationError(f"{DEPLOYMENT} names no vault keys", "name their folder with --keys")
    records = records_of(journal_of(workspace), [identifier])
    if not records:
        raise JournalError(f"the vault holds nothing of {identifier[:80]!r}", "policy.yaml: content.keep: vault")
    found = []
    with VaultFiles(vault_folder(workspace)) as files:
        for kept in records:
            for reference in kept.references:
                text = missing = ""
                try:
                    text = files.text(reference, partial(open_sealed, folder))
                except EntryDamaged as error:
                    missing = error.cause
                found.append(
                    ReadText(kept.facts.id, kept.facts.kind, kept.facts.request, kept.facts.principal, text, missing)
                )
    opened = tuple(dict.fromkeys(one.event for one in found if not one.missing))
    if opened:
        journal = Journal(journal_of(workspace), "vault", workspace.deployment.journal)
        try:
            texts = sum(not one.missing for one in found)
            journal.append(
                ContentRead(id=new_id("evt"), at=utc_now(), by=account(), reason=reason, events=opened, texts=texts)
            )
        finally:
            journal.close()
    return found


class Custodian:
    """Who may erase and hold: the one process with the signing key and the lock.

    Args:
        workspace: the workspace.
        key: signs tombstones and holds.
    """

    def __init__(self, workspace: Workspace, key: SigningKey) -> None:
        self.workspace = workspace
        self.journal = journal_of(workspace)
        self.key = key
        keys, _ = trusted_keys(workspace, [])
        self.register: Register = register_of(self.journal, TrustedKeys([key.public]) if not keys.ids else keys)
        self._recorder: Journal | None = None

    @property
    def recorder(self) -> Journal:
        """The journal of the custody writer, opened with the first record."""
        if self._recorder is None:
            self._recorder = Journal(self.journal, WRITER, self.workspace.deployment.journal)
        return self._recorder

    def settle(self) -> None:
        """Make what was recorded durable. Raises JournalError."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.close()

    def erase(self, ids: list[str], principal: str, reason: str) -> Erasure:
        """Erase the texts of these records or requests, or this principal, but those on hold. Raises JournalError."""
        records = records_of(self.journal, ids, principal)
        scope = f"principal {principal}" if principal else " ".join(ids)
        with self.files() as files:
            return self.eraser(files, reason).erase(records, scope[:1_000], self.settle)

    def finish(self) -> int:
        """Complete what was cut short after its tombstone. Raises JournalError."""
        with self.files() as files:
            return finish(files, self.register) + remove_expired(self.journal, self.register)

    def eraser(self, files: VaultFiles, reason: str, by: str = "") -> Eraser:
        """What erases from ``files``."""
        recorder = _Late(self)
        return Eraser(files, recorder, self.key, self.register, by or account(), reason)

    def files(self) -> VaultFiles:
        """The vault's files."""
        return VaultFiles(vault_folder(self.workspace))

    def hold(self, principal: str, request: str, owner: str, reason: str) -> HoldPlaced:
        """Place a legal hold. Raises JournalError."""
        hold = HoldPlaced(
            id=new_id("evt"),
            at=utc_now(),
            by=owner,
            reason=reason,
            hold=new_id("hold"),
            principal=principal,
            request=request,
        )
        placed = signed(hold, self.key)
        self.recorder.append(placed)
        self.settle()
        return placed

    def release(self, hold: str, by: str, reason: str) -> None:
        """End a legal hold. Raises JournalError or ConfigurationError."""
        if hold not in self.register.holds:
            raise ConfigurationError(f"no hold {hold[:80]!r} is in force", "see bartizan events holds")
        record = HoldReleased(id=new_id("evt"), at=utc_now(), by=by, reason=reason, hold=hold)
        self.recorder.append(signed(record, self.key))
        self.settle()


class _Late:
    """The custody writer, once there is something to record: a run that erases nothing leaves no segment."""

    def __init__(self, custodian: Custodian) -> None:
        self._custodian = custodian

    def append(self, event: Event) -> None:
        self._custodian.recorder.append(event)

    async def commit(self) -> None:
        self._custodian.settle()


@contextmanager
def custodian_of(workspace: Workspace) -> Iterator[Custodian]:
    """The one custodian of a workspace.

    Raises:
        ConfigurationError: no signing key, or another process erases right now.
        JournalError: records of custody are missing or forged.
    """
    key = signing_key_of(workspace)
    if key is None:
        raise ConfigurationError(
            f"{DEPLOYMENT} names no signing key, and a tombstone must be signed",
            "make one with `bartizan keys signing`, set journal.signing",
        )
    with locked(workspace.state / "custody.lock", "erasing or expiring"):
        custodian = Custodian(workspace, key)
        try:
            yield custodian
        finally:
            custodian.settle()
