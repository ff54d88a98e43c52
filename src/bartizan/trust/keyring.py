"""The rotating keys of content commitments: one 0600 file each, under ``.bartizan/keys``.

Erasing a key file makes every commitment under that key unverifiable for good, which is how recorded content is
forgotten without touching the journal.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError, ConfigurationError

KEY_BYTES: Final = 32
_NAME: Final = re.compile(r"commitment-([0-9]{8}T[0-9]{6}Z-[0-9a-f]{8})\.key")
_TIME: Final = "%Y%m%dT%H%M%SZ"


class KeyUnavailable(BartizanError):  # noqa: N818 - says what is the case
    """A commitment names a key that was erased or never was here."""


class CommitmentKey(msgspec.Struct, frozen=True):
    """One HMAC key."""

    id: str
    """``<creation time>-<first 8 hexadecimal digits of the key's SHA-256>``."""
    created: datetime
    secret: bytes

    def __repr__(self) -> str:
        return f"CommitmentKey(id={self.id!r})"


class KeyRing:
    """The keys in one directory, of which the newest is in use.

    Args:
        directory: created with mode 0700 if missing.
        rotation: age at which a fresh key replaces the newest.
        clock: for tests.

    Raises:
        ConfigurationError: the directory or a key file cannot be used, or others may read it.
    """

    def __init__(
        self, directory: Path, *, rotation: timedelta = timedelta(days=30), clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._directory = directory
        self._rotation = rotation
        self._clock = clock
        self._keys: dict[str, CommitmentKey] = {}
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"cannot create {directory}: {error.strerror}") from error

    def current(self) -> CommitmentKey:
        """The newest key; a fresh one if none is younger than the rotation period. Processes agree by a file lock."""
        with self._locked():
            now = self._clock()
            ids = self.ids()
            if ids:
                newest = self.get(ids[-1])
                # A key from the future means that the clock was set back: keep using it, rotation resumes later.
                if now < newest.created + self._rotation:
                    return newest
            return self._create(now)

    def expires(self, key: CommitmentKey) -> datetime:
        """When ``key`` is due for replacement."""
        return key.created + self._rotation

    def ids(self) -> list[str]:
        """Ids of the keys at hand, oldest first."""
        try:
            names = [entry.name for entry in self._directory.iterdir()]
        except OSError as error:
            raise ConfigurationError(f"cannot list {self._directory}: {error.strerror}") from error
        return sorted(match[1] for name in names if (match := _NAME.fullmatch(name)))

    def get(self, key_id: str) -> CommitmentKey:
        """The key of that id. Raises KeyUnavailable if it is not (or no longer) there."""
        path = self._path(key_id)
        if not path.exists():
            self._keys.pop(key_id, None)
            raise KeyUnavailable(f"commitment key {key_id} is not in {self._directory}", "it may have been erased")
        if key_id not in self._keys:
            self._keys[key_id] = _load(path, key_id)
        return self._keys[key_id]

    def erase(self, key_id: str) -> None:
        """Overwrite and remove a key; nothing committed under it can be verified again.

        On copy-on-write file systems and flash memory old blocks may survive until they are reused; keep the keys on
        an encrypted volume where that matters.
        """
        path = self._path(key_id)
        with self._locked():
            try:
                with path.open("r+b") as file:
                    file.write(b"\0" * (KEY_BYTES * 2 + 1))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
            except FileNotFoundError:
                raise KeyUnavailable(f"commitment key {key_id} is not in {self._directory}") from None
            except OSError as error:
                raise ConfigurationError(f"cannot erase commitment key {key_id}: {error.strerror}") from error
            finally:
                self._keys.pop(key_id, None)

    def _path(self, key_id: str) -> Path:
        name = f"commitment-{key_id}.key"
        if _NAME.fullmatch(name) is None:
            raise KeyUnavailable(f"{key_id!r} is not the id of a commitment key")
        return self._directory / name

    def _create(self, now: datetime) -> CommitmentKey:
        secret = os.urandom(KEY_BYTES)
        created = now.astimezone(UTC).replace(microsecond=0)
        key_id = f"{created.strftime(_TIME)}-{hashlib.sha256(secret).hexdigest()[:8]}"
        path = self._path(key_id)
        draft = path.with_suffix(".new")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secret.hex().encode("ascii") + b"\n")
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        except OSError as error:
            raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
        self._keys[key_id] = CommitmentKey(key_id, created, secret)
        return self._keys[key_id]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            descriptor = os.open(self._directory, os.O_RDONLY)
        except OSError as error:
            raise ConfigurationError(f"cannot open {self._directory}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _load(path: Path, key_id: str) -> CommitmentKey:
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            content = file.read(KEY_BYTES * 2 + 2)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    if mode & 0o077:
        raise ConfigurationError(f"{path} may be read by others", f"chmod 600 {path}")
    try:
        secret = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES or hashlib.sha256(secret).hexdigest()[:8] != key_id[-8:]:
        raise ConfigurationError(f"{path} is damaged: its content does not match its name", "restore it from a backup")
    created = datetime.strptime(key_id[:16], _TIME).replace(tzinfo=UTC)
    return CommitmentKey(key_id, created, secret)
