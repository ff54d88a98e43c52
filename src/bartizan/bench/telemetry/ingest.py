"""Into the journal and into the lake."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from bartizan.bench.table import Row
from bartizan.bench.telemetry.records import month
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.lake.compactor import compact
from bartizan.telemetry.lake.manifest import read_manifest
from bartizan.workspace.deployment import Journal as Settings

BATCH: Final = 1_000
"""Records that share one fsync."""


class Folders(NamedTuple):
    """Where everything is."""

    journal: Path
    lake: Path


def fill(folders: Folders, events: int, seed: int, progress: Callable[[str], None]) -> list[Row]:
    """Write and compact so many records. Raises JournalError."""
    wall, cpu = asyncio.run(_write(folders.journal, events, seed, progress))
    written = sum(path.stat().st_size for path in folders.journal.glob("*.jsonl"))
    progress("compacting")
    before = time.process_time()
    done = compact(folders.journal, folders.lake)
    compacting = time.process_time() - before
    files = read_manifest(folders.lake).files
    held = sum(file.bytes for file in files.values())
    return [
        Row("durable chained ingest, one writer", events / wall, "events/s", events, target=20_000, at_least=True,
            note="fsync for each thousand"),
        Row("durable chained ingest, CPU", events / cpu, "events/CPU-s", events),
        Row("compaction", done.rows / compacting, "events/CPU-s", done.rows),
        Row("journal", written / events, "bytes/event", events),
        Row("lake", held / done.rows, "bytes/event", done.rows, target=250),
        Row("files of the lake", len(files), "files", done.rows),
    ]  # fmt: skip


async def _write(folder: Path, events: int, seed: int, progress: Callable[[str], None]) -> tuple[float, float]:
    """Seconds and CPU seconds that the journal takes; making the records does not count."""
    journal = Journal(folder, "bench", Settings(durability="fsync"))
    source, wall, cpu, made = month(events, seed), 0.0, 0.0, 0
    while batch := list(islice(source, BATCH)):
        start, used = time.perf_counter(), time.process_time()
        for event in batch:
            journal.append(event)
        await journal.commit()
        wall, cpu = wall + time.perf_counter() - start, cpu + time.process_time() - used
        made += len(batch)
        if made % 100_000 == 0:
            progress(f"{made:,} of {events:,} records")
    start = time.perf_counter()
    journal.close()
    return wall + time.perf_counter() - start, cpu
