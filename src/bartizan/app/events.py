"""What the commands and the process about events share: keys, the sealer, the one lock on sealing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bartizan.app.places import journal_of
from bartizan.core.errors import ConfigurationError
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.sealing import Sealer
from bartizan.trust.signing import PUBLIC_SUFFIX, SigningKey, TrustedKeys, read_public_key
from bartizan.workspace.workspace import DEPLOYMENT, Workspace


def trusted_keys(workspace: Workspace, given: Sequence[Path]) -> tuple[TrustedKeys, bool]:
    """The keys whose seals count, and whether they were given rather than taken from the workspace's own word.

    Raises:
        ConfigurationError: a key cannot be read.
    """
    if given:
        return TrustedKeys([read_public_key(path) for path in given]), True
    signing = workspace.deployment.journal.signing
    if signing is None:
        return TrustedKeys(), False
    if signing.key.file:
        public = workspace.root / (signing.key.file + PUBLIC_SUFFIX)
        if public.is_file():
            return TrustedKeys([read_public_key(public)]), False
    key = signing_key_of(workspace)
    return TrustedKeys([key.public] if key is not None else []), False


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file for as long as this lasts. Raises ConfigurationError when another process has it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(f"cannot open {path}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"{what} runs already in another process", "`bartizan up` does it") from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def sealer_of(workspace: Workspace, writer: str) -> Iterator[Sealer | None]:
    """The one sealer of a workspace's journal, with a journal of its own to write to; None without a key.

    Raises:
        ConfigurationError: the key cannot be used, or another process seals.
        JournalError: the journal cannot be used.
    """
    key = signing_key_of(workspace)
    if key is None:
        yield None
        return
    with locked(workspace.state / "sealing.lock", "sealing"):
        journal = Journal(journal_of(workspace), writer, workspace.deployment.journal)
        try:
            yield Sealer(journal_of(workspace), key, journal)
        finally:
            journal.close()


def signing_key_of(workspace: Workspace) -> SigningKey | None:
    """The key with which the journal is sealed, if the deployment names one.

    Raises:
        ConfigurationError: it is not there, is no such key, or stands inside the workspace that it is to protect.
    """
    signing = workspace.deployment.journal.signing
    if signing is None:
        return None
    setting = ("journal", "signing", "key")
    if signing.key.file and (workspace.root / signing.key.file).resolve().is_relative_to(workspace.root):
        raise ConfigurationError(
            f"{DEPLOYMENT}: journal.signing.key is inside the workspace",
            "whoever can write the workspace could sign; keep the key elsewhere",
        )
    return SigningKey.parse(workspace.secret(signing.key, DEPLOYMENT, setting))
