"""Looking at the vault from outside of its writers: what is there, what was it, and away with it."""

from __future__ import annotations

import base64
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec

from bartizan.core.errors import JournalError
from bartizan.telemetry.durable import sync_directory, sync_file
from bartizan.telemetry.vault.entry import (
    LONGEST_LINE,
    EntryDamaged,
    Header,
    Reference,
    erasures,
    is_erased,
    line_digest,
    read_entry,
)

WHOLE: Final = "whole"
ERASED: Final = "erased"
MISSING: Final = "missing"
ALTERED: Final = "altered"
KEPT: Final = re.compile(rb'"kept":"([0-9a-f]{32}\.[0-9]{1,15}\.[0-9a-f]{32})"')
"""A reference in a line of the journal. In a text the quotes would be escaped, so nobody can put one there."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.]{1,64}-([0-9a-f]{32})\.vault")
_OPEN_FILES: Final = 32

OpenSealed = Callable[[str, bytes], bytes]
"""Key id and what was sealed to it, to the secret. Raises VaultClosed."""


class Looked(NamedTuple):
    """What is at the place that a reference names."""

    state: str
    """whole, erased, missing or altered."""
    line: bytes = b""


class VaultFiles:
    """The files of a vault. Not thread-safe; close it.

    Args:
        directory: of the vault; it may not be there.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._paths: dict[str, Path] = {}
        self._files: dict[str, BinaryIO] = {}
        self._keys: dict[str, bytes] = {}

    def __enter__(self) -> VaultFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def segments(self) -> dict[str, Path]:
        """The files by their id, oldest first. Raises JournalError."""
        try:
            names = sorted(
                (match[1], entry.name)
                for entry in os.scandir(self._directory)
                if (match := _NAME.fullmatch(entry.name))
            )
        except FileNotFoundError:
            names = []
        except OSError as error:
            raise JournalError(f"cannot list the vault {self._directory}: {error.strerror}") from error
        self._paths = {identifier: self._directory / name for identifier, name in names}
        return self._paths

    def look(self, reference: Reference) -> Looked:
        """What is there now. Raises JournalError when the disk does not answer."""
        file = self._open(reference.segment)
        if file is None:
            return Looked(MISSING)
        try:
            file.seek(reference.offset)
            line = file.readline(LONGEST_LINE)
        except OSError as error:
            raise JournalError(f"cannot read the vault: {error.strerror}") from error
        if not line.endswith(b"\n"):
            return Looked(ALTERED if line else MISSING)
        line = line[:-1]
        if line_digest(line) == reference.digest:
            return Looked(WHOLE, line)
        return Looked(ERASED if is_erased(line) else ALTERED, line)

    def text(self, reference: Reference, open_sealed: OpenSealed) -> str:
        """The text behind a reference.

        Raises:
            EntryDamaged: it is gone, was erased or altered.
            VaultClosed: its key is not here.
        """
        found = self.look(reference)
        if found.state != WHOLE:
            raise EntryDamaged(f"its text is {found.state}")
        if reference.segment not in self._keys:
            header = self.header(reference.segment)
            if not header.sealed:
                raise EntryDamaged("no text was kept")
            try:
                sealed = base64.b64decode(header.sealed, validate=True)
            except ValueError:
                raise EntryDamaged("the segment's header was altered") from None
            self._keys[reference.segment] = open_sealed(header.recipient, sealed)
        return read_entry(found.line).text(self._keys[reference.segment], reference.entry)

    def header(self, segment: str) -> Header:
        """The first line of a segment. Raises EntryDamaged."""
        file = self._open(segment)
        if file is None:
            raise EntryDamaged(f"there is no segment {segment}")
        file.seek(0)
        try:
            header = msgspec.json.decode(file.readline(LONGEST_LINE), type=Header)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise EntryDamaged("the segment's header was altered") from None
        if header.id != segment:
            raise EntryDamaged("the segment's header is that of another")
        return header

    def lines(self, segment: str) -> Iterator[tuple[int, bytes]]:
        """Offset and content of each whole line after the header. Raises JournalError."""
        file = self._open(segment)
        if file is None:
            return
        try:
            file.seek(0)
            offset = len(file.readline(LONGEST_LINE))
            while line := file.readline(LONGEST_LINE):
                if not line.endswith(b"\n"):
                    return  # being written, or torn when its writer died: no record names it
                yield offset, line[:-1]
                offset += len(line)
                file.seek(offset)
        except OSError as error:
            raise JournalError(f"cannot read the vault: {error.strerror}") from error

    def erase(self, segment: str, offsets: list[int]) -> int:
        """Destroy keys and sketches of entries, durably; gives how many were not erased before.

        May be interrupted anywhere and run again. Raises JournalError.
        """
        path = self._path(segment)
        if path is None:
            return 0
        done = 0
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                size = os.fstat(descriptor).st_size
                for offset in offsets:
                    start = os.pread(descriptor, 8, offset)
                    if offset >= size or start != b'{"key":"':
                        continue  # no entry: verification says so
                    fresh = False
                    for place, dashes in erasures():
                        if os.pread(descriptor, len(dashes), offset + place) != dashes:
                            os.pwrite(descriptor, dashes, offset + place)
                            fresh = True
                    done += fresh
                sync_file(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise JournalError(f"cannot erase from {path}: {error.strerror}", "run the same command again") from error
        self._forget(segment)
        return done

    def remove(self, segment: str) -> bool:
        """Remove a whole file, durably; False while its writer lives. Raises JournalError."""
        path = self._path(segment)
        if path is None:
            return True
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The keys first, so that a file that the disk still has elsewhere opens nothing.
                os.ftruncate(descriptor, 0)
                sync_file(descriptor)
                path.unlink()
            except BlockingIOError:
                return False
            finally:
                os.close(descriptor)
            sync_directory(self._directory)
        except OSError as error:
            raise JournalError(f"cannot remove {path}: {error.strerror}", "run the same command again") from error
        self._paths.pop(segment, None)
        self._forget(segment)
        return True

    def being_written(self, segment: str) -> bool:
        """Its writer lives."""
        path = self._path(segment)
        if path is None:
            return False
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _forget(self, segment: str) -> None:
        file = self._files.pop(segment, None)
        if file is not None:
            file.close()

    def _path(self, segment: str) -> Path | None:
        if segment not in self._paths:
            self.segments()
        return self._paths.get(segment)

    def _open(self, segment: str) -> BinaryIO | None:
        file = self._files.get(segment)
        if file is not None:
            return file
        path = self._path(segment)
        if path is None:
            return None
        try:
            file = path.open("rb", buffering=65_536)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalError(f"cannot read {path}: {error.strerror}") from error
        if len(self._files) >= _OPEN_FILES:
            self._files.pop(next(iter(self._files))).close()
        self._files[segment] = file
        return file
