"""Reading workspace files without trusting what stands under their names, and replacing them as a whole."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from bartizan.core.errors import ConfigurationError, DocumentError, Place
from bartizan.workspace.nodes import MAX_BYTES


def read_bounded(path: Path, name: str, limit: int = MAX_BYTES, *, private: bool = False) -> bytes:
    """The bytes of a regular file.

    Args:
        path: where it is.
        name: how errors call it.
        limit: most bytes it may have.
        private: refuse a file that every user of the machine may read or change.

    Raises:
        ConfigurationError: there is no such regular file, or it cannot be read.
        DocumentError: it is longer than ``limit``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        hint = "'bartizan init DIR' writes a new workspace" if isinstance(error, FileNotFoundError) else ""
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}", hint) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigurationError(f"{name} is not a regular file")
        if private and mode & 0o007:
            raise ConfigurationError(f"{name} is open to every user of this machine", f"chmod o-rwx {path}")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise DocumentError(Place(name, 1, 1), f"more than {limit} bytes", f"at most {limit}")
    return content


def write_file(path: Path, name: str, content: bytes, mode: int = 0o600) -> None:
    """Write a file whole or not at all, on disk before this returns.

    Args:
        path: where it is to be; what is not there of its folder is made.
        name: how errors call it.
        content: all of it.
        mode: of a new file; one that is replaced keeps its own.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777 if path.exists() else mode)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be written: {error.strerror}") from None
