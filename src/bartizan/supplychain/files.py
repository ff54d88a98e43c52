"""Paths to sources: what is opened, what never is, and everything that may be wrong with a file."""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.supplychain.interface import MALFORMED, Admission, Rule, Severity
from bartizan.supplychain.source import ByteSource

IN_MEMORY = 16 << 20
"""Files up to this size are read whole, so that what is hashed is what is scanned; larger ones are mapped."""
_SPARSE = 1 << 30
_CHUNK = 1 << 20


def _rule(name: str, title: str) -> Rule:
    return Rule(
        id=f"file.{name}", title=title, admission=Admission.INCONCLUSIVE, severity=Severity.MEDIUM, tags=MALFORMED
    )


UNREADABLE = _rule("unreadable", "File that cannot be read")
SPECIAL = _rule("special", "No regular file")
FOLDER_LINK = _rule("folder_link", "Link to a folder, which is not followed")
SPARSE = _rule("sparse", "Sparse file, mostly holes")
CHANGED = _rule("changed", "File that changed while it was scanned")
DIED = _rule("scan_died", "Scanner process died")
FILE_RULES = (UNREADABLE, SPECIAL, FOLDER_LINK, SPARSE, CHANGED, DIED)


class Problem(NamedTuple):
    """Why a file is not, or not wholly, looked at."""

    rule: Rule
    explanation: str
    evidence: str = ""


def named(paths: Iterable[Path]) -> frozenset[Path]:
    """Those of ``paths`` that are no folders."""
    return frozenset(Path(path) for path in paths if not Path(path).is_dir())


def walk(paths: list[Path]) -> Iterator[Path]:
    """Every file under ``paths``, sorted within each folder. Links to files are followed, links to folders named.

    Holds the names of the folders it is in, so that a million files take some tens of megabytes.
    """
    stack = [(Path(path), iter(("",))) for path in reversed(paths)]
    while stack:
        folder, names = stack[-1]
        name = next(names, None)
        if name is None:
            stack.pop()
            continue
        path = folder / name if name else folder
        inside = _names(path, follow=not name)
        if inside is None:
            yield path
        else:
            stack.append((path, iter(inside)))


def _names(path: Path, *, follow: bool) -> list[str] | None:
    """The sorted names in a folder; None for anything else, which opening says more about."""
    try:
        if not stat.S_ISDIR(path.stat(follow_symlinks=follow).st_mode):
            return None
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in entries)
    except (OSError, ValueError):
        return None


class Opened:
    """An open file: its source, and its digest once asked."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._before = os.fstat(file.fileno())
        self.size = self._before.st_size
        self.sparse = self.size > _SPARSE and self._before.st_blocks * 512 < self.size // 2
        self._whole = file.read(IN_MEMORY + 1) if self.size <= IN_MEMORY else b""
        self._map: mmap.mmap | None = None
        if self.size > IN_MEMORY:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.source = ByteSource(self._map if self._map is not None else self._whole, path.name)

    def digest(self) -> str:
        """SHA-256 of the content."""
        if self._map is None:
            return hashlib.sha256(self._whole).hexdigest()
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()  # type: ignore[arg-type]

    def changed(self) -> bool:
        """Whether size or time changed since it was opened."""
        now, then = os.fstat(self._file.fileno()), self._before
        grown = self._map is None and len(self._whole) != self.size
        return grown or (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def digest_of(path: Path) -> str:
    """SHA-256 of a file. Raises ConfigurationError: it is none, or cannot be read."""
    opened = open_file(path)
    if isinstance(opened, Problem):
        raise ConfigurationError(f"{printable(str(path), 300)}: {opened.explanation}")
    try:
        return opened.digest()
    finally:
        opened.close()


def open_file(path: Path) -> Opened | Problem:
    """Open a regular file; never blocks on a pipe and never opens a device."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode) and not os.access(path, os.R_OK | os.X_OK):
            return Problem(UNREADABLE, "The names in this folder cannot be read, so nothing in it was looked at.")
        if stat.S_ISDIR(mode):
            return Problem(FOLDER_LINK, "Loops and surprises hide behind such links; name its target to scan it.")
        if not stat.S_ISREG(mode):
            return Problem(SPECIAL, "Pipes, sockets and devices are not read.")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            file.close()
            return Problem(SPECIAL, "It became something else than a file.")
        return Opened(file, path)
    except FileNotFoundError as error:
        return Problem(UNREADABLE, "It is not there: it vanished, or a link leads nowhere.", str(error))
    except PermissionError as error:
        return Problem(UNREADABLE, "Whoever runs the scan may not read it.", str(error))
    except (OSError, ValueError) as error:
        return Problem(UNREADABLE, "It cannot be opened or read.", str(error))
