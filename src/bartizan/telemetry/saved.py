"""What a process keeps about itself in one file, replaced as a whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from bartizan.core.errors import JournalError
from bartizan.telemetry.durable import sync_directory, sync_file

T = TypeVar("T")
_log = logging.getLogger("bartizan.telemetry")


def read_saved(path: Path, decode: Callable[[bytes], T], consequence: str) -> T | None:
    """What was saved; None if nothing was. One that cannot be read is set aside.

    Args:
        path: the file.
        decode: out of its bytes.
        consequence: of a damaged file, for the log.

    Raises:
        JournalError: the file system does not give it.
    """
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        _log.error("%s is damaged: %s", path, consequence)
        path.replace(path.with_suffix(".damaged"))
        return None
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror}") from error


def write_saved(path: Path, content: bytes) -> None:
    """Replace what was saved; it outlives the loss of power. Raises JournalError."""
    new = path.with_suffix(".new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            sync_file(file.fileno())
        new.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise JournalError(f"cannot write {path}: {error.strerror}") from error
