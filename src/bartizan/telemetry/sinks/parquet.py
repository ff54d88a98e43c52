"""Batches as Parquet: the lake's columns for native records, else the mapped document beside a few facts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from bartizan.core.clock import rfc3339
from bartizan.telemetry.lake import schema
from bartizan.telemetry.lake.compactor import read_segments
from bartizan.telemetry.sinks.interface import Item, RefusedError, SinkError

MEMORY: Final = "512MB"
_OPTIONS: Final = "FORMAT parquet, COMPRESSION zstd"
_LONGEST: Final = 64_000_000
_COLUMNS: Final = "{time: 'TIMESTAMP', id: 'VARCHAR', kind: 'VARCHAR', action: 'VARCHAR', record: 'VARCHAR'}"


def to_parquet(items: Sequence[Item], *, native: bool) -> bytes:
    """One Parquet file, compressed with zstd, in order of time. Blocks.

    Args:
        items: with at least one text.
        native: the columns are those of the lake, one row for each record; else `time`, `id`, `kind`, `action` and
            `record`, the document as JSON or as whatever line the format has, one row for each text.

    Raises:
        RefusedError: a record does not fit into the columns.
        SinkError: there is no space or memory for it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="bartizan-parquet-") as folder:
            return _made(items, Path(folder), native)
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise SinkError(f"no Parquet file could be made: {why}", "free space for temporary files, or memory") from None
    except duckdb.Error as error:
        # Its text quotes the record.
        raise RefusedError(f"does not fit into the columns: {type(error).__name__}") from None


def _made(items: Sequence[Item], folder: Path, native: bool) -> bytes:
    source, target = folder / "batch.jsonl", folder / "batch.parquet"
    with source.open("wb") as file:
        for item in items:
            if native and item.texts:
                file.write(item.line.rstrip(b"\n") + b"\n")
            elif not native:
                file.writelines(_row(item, text) + b"\n" for text in item.texts)
    name = schema.text(str(source))
    if native:
        shown = "* REPLACE (lower(hex(hash)) AS hash)"
        chosen = f"{shown} FROM (SELECT {schema.projection()} FROM {read_segments(name)})"  # noqa: S608 - quoted above
    else:
        how = f"format = 'newline_delimited', columns = {_COLUMNS}, maximum_object_size = {_LONGEST}"
        chosen = f"* FROM read_json({name}, {how})"
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": "1", "temp_directory": ""}) as connection:
        connection.execute(f"COPY (SELECT {chosen} ORDER BY time) TO {schema.text(str(target))} ({_OPTIONS})")
    return target.read_bytes()


def _row(item: Item, text: bytes) -> bytes:
    facts = {"time": rfc3339(item.at), "id": item.id, "kind": item.kind, "action": item.action}
    return msgspec.json.encode({**facts, "record": text.decode("utf-8", "replace")})
