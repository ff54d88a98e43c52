"""Which files are the lake, and which segments are in them: one file, replaced as a whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec

from bartizan.core.errors import JournalError
from bartizan.telemetry.durable import sync_directory

NAME: Final = "manifest.json"


class LakeFile(msgspec.Struct, frozen=True):
    """One Parquet file."""

    rows: int
    bytes: int
    """Its size; a file of another size is damaged."""
    segments: tuple[str, ...]
    """Segments of which it holds rows."""
    columns: str = ""
    """Digest of its columns; empty where they are not known."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the lake. What it does not name is not there."""

    schema: Literal["bartizan/lake/v1"] = "bartizan/lake/v1"
    files: dict[str, LakeFile] = {}
    """By path relative to the lake."""
    empty: tuple[str, ...] = ()
    """Segments that were read and gave no row."""

    @property
    def segments(self) -> set[str]:
        """The segments that are in the lake."""
        return {name for file in self.files.values() for name in file.segments} | set(self.empty)


def read_manifest(lake: Path) -> Manifest:
    """The manifest of the lake; an empty one if there is none yet. Raises JournalError."""
    try:
        content = (lake / NAME).read_bytes()
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise JournalError(f"cannot read the lake's manifest: {error.strerror}") from error
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalError(
            f"{lake / NAME} is damaged: {error}", "remove the lake's folder: it is made again from the journal"
        ) from None
    for name in manifest.files:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise JournalError(
                f"{lake / NAME} names {name!r}, which is not inside the lake", "remove the lake's folder"
            )
    return manifest


def write_manifest(lake: Path, manifest: Manifest) -> None:
    """Replace the manifest, durably; afterwards the lake is what it says. Raises OSError."""
    draft = lake / (NAME + ".tmp")
    try:
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(manifest))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(lake / NAME)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    sync_directory(lake)


@contextmanager
def compacting(lake: Path) -> Iterator[bool]:
    """Whether this process is the one compactor, for as long as this lasts. Raises OSError."""
    lake.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(lake, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
