"""The compactor: complete segments into Parquet, each exactly once, whatever interrupts it.

A run writes files under names that nobody reads, then replaces the manifest, which names them and the segments they
hold. Killed before that, the files are leftovers; killed after it, the work is done. Segments are never touched.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError
from bartizan.core.ids import uuid7
from bartizan.telemetry.durable import sync_directory, sync_file
from bartizan.telemetry.lake import schema
from bartizan.telemetry.lake.manifest import LakeFile, Manifest, compacting, read_manifest, write_manifest
from bartizan.telemetry.lake.sifting import sift
from bartizan.telemetry.reader import MAX_RECORD_BYTES, segments
from bartizan.telemetry.segment import DONE_SUFFIX

BATCH_BYTES: Final = 128_000_000
"""Of segments that are compacted together."""
MERGE_FILES: Final = 16
"""More small files than that in one day are made into one; of days that are over, any two."""
SMALL_BYTES: Final = 64_000_000
MOST_DAYS: Final = 400
"""Days of one batch that get a folder each; what clocks that are far off say goes to ``day=other``."""
KEEP_SECONDS: Final = 600.0
"""How long files stay that the manifest has stopped naming: somebody may be reading them."""
_log = logging.getLogger("bartizan.lake")


class Compacted(msgspec.Struct):
    """What one run did."""

    segments: int = 0
    rows: int = 0
    rejected: int = 0
    """Lines that are no sound record; they are in ``rejected/``."""
    merged: int = 0
    """Files that became part of others."""
    repaired: tuple[str, ...] = ()
    """Damaged files, which were made again."""
    busy: bool = False
    """Another process is compacting; nothing was done."""


def compact(journal: Path, lake: Path, *, check: bool = False, memory: str = "512MB") -> Compacted:
    """Bring the lake up to the journal's complete segments. Idempotent; any number of processes may try.

    Args:
        journal: folder of the segments.
        lake: folder of the lake, made if need be.
        check: also read every file to its end, and make those again that cannot be read.
        memory: DuckDB's limit.

    Raises:
        JournalError: the journal or the lake cannot be read or written; what was done before stays done.
    """
    result = Compacted()
    try:
        with compacting(lake) as ours:
            if not ours:
                result.busy = True
                return result
            _Run(journal, lake, memory, result).run(check)
    except OSError as error:
        raise JournalError(f"cannot compact into {lake}: {error.strerror}", "free space on its disk") from error
    except duckdb.Error as error:
        raise JournalError(f"cannot compact into {lake}: {_first_line(error)}", "free space on its disk") from None
    return result


class _Run:
    def __init__(self, journal: Path, lake: Path, memory: str, result: Compacted) -> None:
        self._journal = journal
        self._lake = lake
        self._memory = memory
        self._result = result
        self._manifest = read_manifest(lake)

    def run(self, check: bool) -> None:
        """Clean up, repair, compact, merge."""
        self._sweep()
        with contextlib.closing(self._connect()) as connection:
            self._repair(connection, check)
            known = self._manifest.segments
            fresh = [
                path for path in segments(self._journal) if path.name.endswith(DONE_SUFFIX) and path.name not in known
            ]
            for batch in _batches(fresh):
                self._compact(connection, batch)
            for day, names in sorted(_by_day(self._manifest.files).items()):
                self._merge(connection, day, names)

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            config={
                "memory_limit": self._memory,
                "threads": "1",
                "temp_directory": str(self._lake / "spill.tmp"),
                "autoinstall_known_extensions": "false",
                "python_enable_replacements": "false",
            }
        )
        connection.execute("SET enable_progress_bar = false")
        return connection

    def _sweep(self) -> None:
        """Remove what runs that were killed, and merges long past, left behind."""
        for path in self._lake.rglob("*"):
            name = str(path.relative_to(self._lake))
            stale = path.suffix == ".parquet" and name not in self._manifest.files
            if (path.suffix == ".tmp" and path.is_file()) or (
                stale and time.time() - path.stat().st_mtime > KEEP_SECONDS
            ):
                path.unlink(missing_ok=True)

    def _repair(self, connection: duckdb.DuckDBPyConnection, check: bool) -> None:
        """Forget damaged files together with every file that shares a segment with them; they are made again."""
        files = dict(self._manifest.files)
        bad = {name for name, file in files.items() if not sound(self._lake, name, file)}
        if check:
            bad |= {name for name in files if name not in bad and not _readable(connection, self._lake / name)}
        if not bad:
            return
        self._result.repaired = tuple(sorted(bad))
        present = {path.name for path in segments(self._journal)}
        lost = set(bad)
        while True:
            touched = {segment for name in lost for segment in files[name].segments}
            more = {name for name, file in files.items() if touched & set(file.segments)} - lost
            if not more:
                break
            lost |= more
        if not touched <= present:
            # Its segments are gone: dropping the sound files beside it would lose what nobody can make again.
            lost = bad
            _log.error("the lake lost rows that the journal no longer has")
        for name in sorted(bad):
            _log.error("the lake file %s is damaged and made again", name)
        kept = {name: file for name, file in files.items() if name not in lost}
        self._replace(kept, self._manifest.empty)

    def _replace(self, files: dict[str, LakeFile], empty: Iterable[str]) -> None:
        manifest = Manifest(files=files, empty=tuple(empty))
        write_manifest(self._lake, manifest)
        self._manifest = manifest

    def _compact(self, connection: duckdb.DuckDBPyConnection, batch: Sequence[Path]) -> None:
        made: dict[str, LakeFile] = {}
        names = tuple(path.name for path in batch)
        sources, rejected = sift(batch, self._lake)
        if sources:
            listed = ", ".join(schema.text(str(path)) for path in sources)
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE batch AS SELECT {schema.projection()} FROM {read_segments(listed)}"
            )
            days = [row[0] for row in connection.execute("SELECT DISTINCT time::DATE FROM batch ORDER BY 1").fetchall()]
            for day in days[:MOST_DAYS]:
                where = f"time::DATE = DATE '{day}'"
                made |= self._write(connection, f"day={day}", f"FROM batch WHERE {where}", names, schema.digest())
            if len(days) > MOST_DAYS:
                where = f"time::DATE > DATE '{days[MOST_DAYS - 1]}'"
                made |= self._write(connection, "day=other", f"FROM batch WHERE {where}", names, schema.digest())
            connection.execute("DROP TABLE batch")
        empty = [*self._manifest.empty, *(names if not made else ())]
        self._replace({**self._manifest.files, **made}, empty)
        for path in sources:
            if path.suffix == ".tmp":
                path.unlink(missing_ok=True)
        self._result.segments += len(batch)
        self._result.rows += sum(file.rows for file in made.values())
        self._result.rejected += rejected

    def _write(
        self, connection: duckdb.DuckDBPyConnection, day: str, source: str, names: tuple[str, ...], columns: str
    ) -> dict[str, LakeFile]:
        folder = self._lake / day
        folder.mkdir(mode=0o700, exist_ok=True)
        final = folder / f"{uuid7().hex}.parquet"
        draft = final.with_suffix(".parquet.tmp")
        options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 122880, PARQUET_VERSION v2"
        row = connection.execute(
            f"COPY (SELECT * {source} ORDER BY time, seq) TO {schema.text(str(draft))} ({options})"
        ).fetchone()
        descriptor = os.open(draft, os.O_RDONLY)
        try:
            sync_file(descriptor)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        draft.replace(final)
        sync_directory(folder)
        return {str(final.relative_to(self._lake)): LakeFile(int(row[0]) if row else 0, size, names, columns)}

    def _merge(self, connection: duckdb.DuckDBPyConnection, day: str, names: list[str]) -> None:
        small = [name for name in names if self._manifest.files[name].bytes < SMALL_BYTES]
        # A day that is over gets no more records but late ones; each of its files would be opened by every question.
        over = day < f"day={(utc_now() - timedelta(days=1)):%Y-%m-%d}"
        if len(small) <= (1 if over else MERGE_FILES):
            return
        held = tuple(dict.fromkeys(segment for name in small for segment in self._manifest.files[name].segments))
        listed = ", ".join(schema.text(str(self._lake / name)) for name in small)
        kinds = {self._manifest.files[name].columns for name in small}
        columns = kinds.pop() if len(kinds) == 1 else ""
        made = self._write(connection, day, f"FROM read_parquet([{listed}], union_by_name = true)", held, columns)
        rows = sum(self._manifest.files[name].rows for name in small)
        if sum(file.rows for file in made.values()) != rows:
            raise JournalError(f"merging {day} would change the number of rows", "run: bartizan events compact --check")
        kept = {name: file for name, file in self._manifest.files.items() if name not in small}
        self._replace({**kept, **made}, self._manifest.empty)
        self._result.merged += len(small)


def read_segments(listed: str, *, ignore_errors: bool = False) -> str:
    """The SQL table of journal files; ``listed`` are their names as SQL texts."""
    return (
        f"read_json([{listed}], format = 'newline_delimited', columns = {schema.json_columns()}, "
        f"maximum_object_size = {MAX_RECORD_BYTES}, ignore_errors = {str(ignore_errors).lower()})"
    )


def sound(lake: Path, name: str, file: LakeFile) -> bool:
    """The file is there and has its size."""
    try:
        return (lake / name).stat().st_size == file.bytes
    except OSError:
        return False


def _readable(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    try:
        connection.execute(f"SELECT hash(COLUMNS(*)) FROM read_parquet({schema.text(str(path))})").fetchall()
    except duckdb.Error:
        return False
    return True


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        batch.append(path)
        size += path.stat().st_size
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _by_day(names: Iterable[str]) -> dict[str, list[str]]:
    days: dict[str, list[str]] = {}
    for name in sorted(names):
        days.setdefault(Path(name).parts[0], []).append(name)
    return days


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
