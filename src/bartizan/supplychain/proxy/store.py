"""The quarantine: files by SHA-256 in a private, bounded folder; only bytes that were hashed leave it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.proxy.interface import UnavailableError

_CHUNK = 1 << 20
_DIGEST = 64
"""Characters of a name in the store."""
_STEP = 64 << 20
"""Bytes that are set aside at a time for a download of unknown size."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_Mark = tuple[int, int, int, int, int]


class Incoming:
    """A file under way: written once, hashed on the way. Its bytes count against the store as they come."""

    def __init__(self, file: IO[bytes], path: Path, grow: Callable[[int], None], most: int) -> None:
        self._file = file
        self._grow = grow
        self._most = most
        self._summed = hashlib.sha256()
        self.path = path
        self.size = 0
        self.reserved = 0

    def reserve(self, size: int) -> None:
        """Set room aside for ``size`` bytes in all. Raises UnavailableError where there is none."""
        if size > self._most:
            raise UnavailableError(f"it is larger than the {self._most:,} bytes that this proxy takes", status=413)
        if size > self.reserved:
            self._grow(size - self.reserved)
            self.reserved = size

    def write(self, piece: bytes) -> None:
        """Append. Raises UnavailableError for a full disk or too large a file."""
        after = self.size + len(piece)
        if after > self.reserved:
            self.reserve(after if after > self._most else min(self._most, after + _STEP))
        try:
            self._file.write(piece)
        except OSError as error:
            raise UnavailableError(f"the store cannot take it: {error.strerror}", status=507) from None
        self._summed.update(piece)
        self.size = after

    def sha256(self) -> str:
        """Of all that was written, hexadecimal."""
        return self._summed.hexdigest()


class QuarantineStore:
    """Files by digest, the longest unused dropped first.

    Args:
        folder: for this process alone; created for its owner only.
        disk_bytes: for all files together.
        file_bytes: for one.

    Raises:
        ConfigurationError: the folder cannot be used, or another process uses it.
    """

    def __init__(self, folder: Path, disk_bytes: int, file_bytes: int) -> None:
        self._most, self._largest = disk_bytes, file_bytes
        self._files, self._incoming, self.views = folder / "sha256", folder / "incoming", folder / "views"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._lock = (folder / "lock").open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in (self._incoming, self.views):
                shutil.rmtree(left, ignore_errors=True)
                left.mkdir(mode=0o700)
            self._files.mkdir(mode=0o700, exist_ok=True)
            self._sizes = _sizes(self._files)
        except BlockingIOError:
            raise ConfigurationError(f"another proxy uses the store {folder}", "name another one by --store") from None
        except OSError as error:
            raise ConfigurationError(f"the store {folder} cannot be used: {error.strerror}") from None
        self._spent = sum(self._sizes.values())
        self._marks: dict[str, _Mark] = {}
        self._number = 0

    def close(self) -> None:
        """Let another process have it."""
        self._lock.close()

    def path(self, sha256: str) -> Path:
        """Where a file lies, or would."""
        return self._files / sha256

    def has(self, sha256: str) -> bool:
        """Whether a file of this digest is there; what it says is checked when it is opened."""
        return sha256 in self._sizes

    def size(self, sha256: str) -> int:
        """Bytes of a file that is there."""
        return self._sizes[sha256]

    @contextlib.contextmanager
    def incoming(self, most: int = 0) -> Iterator[Incoming]:
        """A new file of up to ``most`` bytes (0: as large as any), gone afterwards unless `keep` took it."""
        self._number += 1
        path = self._incoming / str(self._number)
        with os.fdopen(os.open(path, _NEW, 0o600), "wb", buffering=0) as file:
            one = Incoming(file, path, self._grow, most or self._largest)
            try:
                yield one
            finally:
                self._spent -= one.reserved
                path.unlink(missing_ok=True)

    def keep(self, one: Incoming) -> str:
        """Put a complete file under its digest, which is returned."""
        sha256 = one.sha256()
        self.drop(sha256)
        target = self.path(sha256)
        one.path.chmod(0o400)
        one.path.rename(target)
        self._sizes[sha256] = one.size
        self._spent += one.size
        self._marks[sha256] = _mark(target.stat())
        return sha256

    def drop(self, sha256: str) -> None:
        """Remove a file; who reads it at the moment reads on."""
        self._marks.pop(sha256, None)
        if (size := self._sizes.pop(sha256, None)) is not None:
            self._spent -= size
            self.path(sha256).unlink(missing_ok=True)

    def open(self, sha256: str) -> IO[bytes] | None:
        """The file, whose bytes were hashed and have not changed since; None where it is gone or something else.

        A file that was hashed by this process and was not written to since (device, inode, size, times) is not hashed
        again.
        """
        if sha256 not in self._sizes:
            return None
        try:
            self._sizes.move_to_end(sha256)
            file = os.fdopen(os.open(self.path(sha256), _READ), "rb", buffering=0)
        except (OSError, KeyError):
            self.drop(sha256)
            return None
        before = _mark(os.fstat(file.fileno()))
        if self._marks.get(sha256) == before:
            return file
        summed = hashlib.sha256()
        for piece in iter(lambda: file.read(_CHUNK), b""):
            summed.update(piece)
        if summed.hexdigest() != sha256 or _mark(os.fstat(file.fileno())) != before:
            file.close()
            self.drop(sha256)
            return None
        self._marks[sha256] = before
        return file

    def _grow(self, count: int) -> None:
        while self._spent + count > self._most and self._sizes:
            self.drop(next(iter(self._sizes)))
        if self._spent + count > self._most:
            raise UnavailableError("the proxy's store is full", status=507)
        self._spent += count


def _sizes(folder: Path) -> OrderedDict[str, int]:
    """Files by digest, the oldest first; whatever else lies there is not ours to hand out."""
    found = []
    with os.scandir(folder) as entries:
        for one in entries:
            if len(one.name) == _DIGEST and one.is_file(follow_symlinks=False):
                status = one.stat(follow_symlinks=False)
                found.append((status.st_mtime, one.name, status.st_size))
    return OrderedDict((name, size) for _, name, size in sorted(found))


def _mark(status: os.stat_result) -> _Mark:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
