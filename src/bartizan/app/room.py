"""Whether a disk can be started on: a full one shows itself in any child, as whatever fails there first."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from bartizan.core.errors import ConfigurationError

NEEDED: Final = 1_000_000
"""Bytes that the keeper's database and the first segments take at least."""


def check_room(folder: Path, needed: int = NEEDED) -> None:
    """Write so much and take it back: quotas and read-only disks say nothing until somebody writes.

    Args:
        folder: that is written to later; made if need be.
        needed: bytes.

    Raises:
        ConfigurationError: they do not fit, or nothing can be written at all.
    """
    probe = folder / f".room-{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with probe.open("xb") as file:
            file.write(os.urandom(needed))  # a disk that compresses would take zeros
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {needed:,} bytes to {folder}: {error.strerror}", "free space on its disk"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
