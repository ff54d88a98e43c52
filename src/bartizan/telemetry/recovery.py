"""What a killed writer leaves behind: its segment is completed, and a torn last line is set aside."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec

from bartizan.telemetry.durable import directory_lock, sync_directory, sync_file
from bartizan.telemetry.segment import OPEN_SUFFIX, SEGMENT_NAME, TORN_SUFFIX, done_path

_BLOCK: Final = 65_536


class Recovered(msgspec.Struct, frozen=True):
    """One segment of a dead writer."""

    name: str
    size: int
    """Bytes in whole lines."""
    torn: int
    """Bytes after the last newline, moved to a ``.torn`` file beside the segment."""


def recover(directory: Path) -> list[Recovered]:
    """Complete every open segment whose writer is gone (nobody holds its lock).

    May be interrupted at any point and run again. Raises OSError when the disk does not let it finish.
    """
    recovered: list[Recovered] = []
    with directory_lock(directory):
        for path in sorted(directory.iterdir()):
            if path.name.endswith(OPEN_SUFFIX) and SEGMENT_NAME.fullmatch(path.name):
                result = _recover_segment(path)
                if result is not None:
                    recovered.append(result)
        if recovered:
            sync_directory(directory)
    return recovered


def _recover_segment(path: Path) -> Recovered | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None  # completed by its writer since the listing
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        if not path.exists():
            return None
        total = os.fstat(descriptor).st_size
        whole = whole_lines(descriptor, total)
        if whole < total:
            _set_aside(path, descriptor, whole, total)
            os.ftruncate(descriptor, whole)
        sync_file(descriptor)
        if whole:
            path.rename(done_path(path))
        else:
            path.unlink()
        return Recovered(done_path(path).name, whole, total - whole)
    finally:
        os.close(descriptor)


def whole_lines(descriptor: int, size: int) -> int:
    """Length of the longest prefix of the file that ends with a newline."""
    end = size
    while end > 0:
        start = max(0, end - _BLOCK)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _set_aside(path: Path, descriptor: int, start: int, end: int) -> None:
    target = path.with_name(path.name.removesuffix(OPEN_SUFFIX) + TORN_SUFFIX)
    copy = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        while start < end:
            block = os.pread(descriptor, min(_BLOCK, end - start), start)
            if not block:
                break
            start += os.write(copy, block)
        sync_file(copy)
    finally:
        os.close(copy)
