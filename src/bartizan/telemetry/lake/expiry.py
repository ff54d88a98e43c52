"""Old days of the lake go, once the journal no longer has their segments."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import duckdb

from bartizan.core.errors import JournalError
from bartizan.core.event import ExpiredFile, HoldPlaced
from bartizan.telemetry.lake import schema
from bartizan.telemetry.lake.manifest import Manifest, compacting, read_manifest, write_manifest


@contextmanager
def alone(lake: Path) -> Iterator[bool]:
    """Whether nobody compacts, for as long as this lasts. Raises JournalError."""
    try:
        with compacting(lake) as ours:
            yield ours
    except OSError as error:
        raise JournalError(f"cannot use the lake {lake}: {error.strerror}") from error


def expirable_files(
    lake: Path, before: datetime, present: Collection[str], holds: Sequence[HoldPlaced]
) -> list[ExpiredFile]:
    """The files that may go: of days before ``before``, with no segment left in the journal, and under no hold.

    Args:
        lake: its folder.
        before: days that ended earlier.
        present: names of the segments that the journal has.
        holds: in force.

    Raises:
        JournalError: a file cannot be read.
    """
    found = []
    for name, file in sorted(read_manifest(lake).files.items()):
        day = _day(name)
        if day is None or day >= before.date() or not set(file.segments).isdisjoint(present):
            continue
        path = lake / name
        if path.is_file() and not _held(path, holds):
            found.append(ExpiredFile(name, _sha256(path), file.rows))
    return found


def remove_files(lake: Path, files: Sequence[ExpiredFile]) -> int:
    """Take files out of the manifest, and remove them; gives how many were there. Raises JournalError."""
    names = {file.name for file in files}
    manifest = read_manifest(lake)
    gone = names & set(manifest.files)
    try:
        if gone:
            kept = {name: file for name, file in manifest.files.items() if name not in gone}
            write_manifest(lake, Manifest(files=kept, empty=manifest.empty))
        for name in gone:
            (lake / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                (lake / name).parent.rmdir()
    except OSError as error:
        raise JournalError(f"cannot remove old days of the lake: {error.strerror}") from error
    return len(gone)


def _day(name: str) -> date | None:
    """The day of a file by its folder; files of clocks that are far off have none, and stay."""
    folder = Path(name).parts[0]
    try:
        return date.fromisoformat(folder.removeprefix("day="))
    except ValueError:
        return None


def _held(path: Path, holds: Sequence[HoldPlaced]) -> bool:
    if not holds:
        return False
    if any(not (hold.principal or hold.request) for hold in holds):
        return True
    principals = [hold.principal for hold in holds if hold.principal]
    requests = [hold.request for hold in holds if hold.request]
    question = (
        f"SELECT count(*) FROM read_parquet({schema.text(str(path))}) "
        "WHERE list_contains(?, principal) OR list_contains(?, request)"
    )
    try:
        row = duckdb.connect().execute(question, [principals, requests]).fetchone()
    except duckdb.Error:
        return True  # what cannot be read is not removed
    return row is None or bool(row[0])


def _sha256(path: Path) -> str:
    whole = sha256()
    with path.open("rb") as file:
        while block := file.read(1_048_576):
            whole.update(block)
    return whole.hexdigest()
