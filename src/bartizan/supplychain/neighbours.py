"""Files beside the one that is scanned, opened without ever leaving its folder."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from bartizan.supplychain.source import ByteSource

LARGEST = 64 << 20
"""Bytes that are read of one; larger ones are not."""


def neighbour(folder: Path, path: str) -> ByteSource | None:
    """The regular file at ``path`` below ``folder``, where no part of the way is a link; None for anything else."""
    parts = path.split("/")
    if not path or "\0" in path or any(part in {"", ".", ".."} for part in parts):
        return None
    held: list[int] = []
    try:
        held.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for part in parts[:-1]:
            way = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            held.append(os.open(part, way, dir_fd=held[-1]))
        last = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        held.append(os.open(parts[-1], last, dir_fd=held[-1]))
        status = os.fstat(held[-1])
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return None
        with os.fdopen(held.pop(), "rb") as file:
            content = file.read(LARGEST + 1)
        return ByteSource(content, parts[-1]) if len(content) <= LARGEST else None
    except (OSError, ValueError):
        return None
    finally:
        for descriptor in held:
            with suppress(OSError):
                os.close(descriptor)
