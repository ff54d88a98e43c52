"""Reading workspace files without trusting what stands under their names."""

from __future__ import annotations

import os
import stat
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
