"""The writing end of the vault: one file at a time for each process, appended to and never gone back over."""

from __future__ import annotations

import base64
import errno
import fcntl
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.ids import uuid7
from bartizan.telemetry.durable import sync_directory, sync_file
from bartizan.telemetry.vault.entry import KEY_BYTES, Header, line_digest, write_entry
from bartizan.trust.vault_keys import Recipient

SUFFIX: Final = ".vault"
SEGMENT_BYTES: Final = 16_000_000
SEGMENT_SECONDS: Final = 3_600.0
"""A file is left for a new one, with a new key, at this size or age."""


_FULL: Final = "it has reached max_bytes"
_LOOK_AGAIN: Final = 1.0
"""Seconds before a full vault is measured again."""


class Vault:
    """Keeps texts for one writer. ``keep`` may be called from any thread, ``sync`` from another.

    A key of its own seals each file. It is in memory while the file is written, and on disk only under the vault's
    public key: who takes over this process reads what it keeps from then on, and an hour of what it kept before.

    Args:
        directory: of the vault, made if need be.
        writer: name of this process; as in the journal.
        recipient: gives the public key, asked for each file; None keeps sketches alone.
        max_bytes: of the whole vault, from which on nothing more is taken.
        refuse: a text that cannot be kept is an error; otherwise it is counted in ``lost``.
        monotonic: clock in seconds, for tests.
    """

    def __init__(
        self,
        directory: Path,
        writer: str,
        recipient: Callable[[], Recipient] | None,
        *,
        max_bytes: int,
        refuse: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._writer = writer
        self._recipient = recipient
        self._max_bytes = max_bytes
        self._refuse = refuse
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._file: _File | None = None
        self._unsynced: list[_File] = []
        self._others = 0
        self._full_until = -math.inf
        self.lost = 0
        """Texts that were not kept although policy asks for it."""

    @property
    def keeps_texts(self) -> bool:
        """It has a key to seal texts to."""
        return self._recipient is not None

    def keep(self, under: str, mac: str, text: str | None, sketch: bytes = b"") -> str:
        """Keep one text, and what finds others like it; gives the reference that the record carries.

        Empty when it was not kept (only if this vault does not refuse).

        Raises:
            JournalError: it could not be kept, or there is no public key to seal to. Nothing of it is in the file then.
        """
        with self._lock:
            try:
                return self._current().append(under, mac, text, sketch)
            except (OSError, ConfigurationError) as error:
                self.lost += 1
                self._retire()
                if self._refuse:
                    cause = error.strerror if isinstance(error, OSError) else error.cause
                    raise JournalError(f"the vault cannot keep a text: {cause}", "free space on its disk") from error
                return ""

    def _current(self) -> _File:
        file = self._file
        if file is not None and (file.size >= SEGMENT_BYTES or self._monotonic() >= file.due):
            self._retire()
            file = None
        if file is None:
            if self._monotonic() < self._full_until:
                raise OSError(errno.EDQUOT, _FULL)
            self._others = folder_bytes(self._directory)
            self._check_room(0)
            file = self._file = _File(
                self._directory, self._writer, self._recipient, self._monotonic() + SEGMENT_SECONDS
            )
        self._check_room(file.size)
        return file

    def _check_room(self, size: int) -> None:
        if self._others + size >= self._max_bytes:
            self._full_until = self._monotonic() + _LOOK_AGAIN
            raise OSError(errno.EDQUOT, _FULL)

    def _retire(self) -> None:
        if self._file is not None:
            self._unsynced.append(self._file)
            self._file = None

    def sync(self) -> None:
        """Make every text so far durable; call it before the records that refer to them are. Raises OSError."""
        with self._lock:
            over, self._unsynced = self._unsynced, []
            file = self._file
        for old in over:
            old.close()
        if file is not None:
            file.sync()

    def close(self) -> None:
        """Sync and let go of the file. May be called twice. Raises OSError."""
        with self._lock:
            self._retire()
        self.sync()


class _File:
    def __init__(self, directory: Path, writer: str, recipient: Callable[[], Recipient] | None, due: float) -> None:
        identifier = uuid7().hex
        self.due = due
        self.size = 0
        self._id = identifier
        self._synced = False
        self._syncing = threading.Lock()
        sealed, name, self._key = "", "", None
        if recipient is not None:
            to = recipient()
            secret = os.urandom(KEY_BYTES)
            name, sealed = to.id, base64.b64encode(to.seal(secret)).decode("ascii")
            self._key = AESGCM(secret)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        path = directory / f"{writer}-{identifier}{SUFFIX}"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)  # says that it is being written
        try:
            self._begin(name, sealed)
        except OSError:
            os.close(self._descriptor)
            path.unlink(missing_ok=True)
            raise

    def _begin(self, name: str, sealed: str) -> None:
        self._write(msgspec.json.encode(Header(id=self._id, at=utc_now(), recipient=name, sealed=sealed)))

    def append(self, under: str, mac: str, text: str | None, sketch: bytes) -> str:
        place = f"{self._id}.{self.size}"
        line = write_entry(self._key, place, utc_now(), under, mac, text, sketch)
        self._write(line)
        return f"{place}.{line_digest(line)}"

    def _write(self, line: bytes) -> None:
        line += b"\n"
        try:
            written = os.write(self._descriptor, line)
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(line)

    def sync(self) -> None:
        with self._syncing:
            if self._descriptor < 0:
                return
            sync_file(self._descriptor)
            if not self._synced:
                sync_directory(self._directory)
                self._synced = True

    def close(self) -> None:
        try:
            self.sync()
        finally:
            with self._syncing:
                descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)


def folder_bytes(directory: Path) -> int:
    """Bytes of the vault's files; 0 if there are none. Raises OSError."""
    try:
        return sum(entry.stat().st_size for entry in os.scandir(directory) if entry.name.endswith(SUFFIX))
    except FileNotFoundError:
        return 0
