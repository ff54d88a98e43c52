"""Reads one Parquet file and writes its rows as JSON lines: the process that may die of a hostile one.

``python -m bartizan.supplychain.datasets.parquet_child FILE SECONDS``. The first line holds the names of the columns,
each further one the cells of a row, `OUT_OF_MEMORY` or ``{"error": …}``; the last one is ``{}``.
DuckDB sees this file alone; memory, processor time and files are limited by the operating system as well.
"""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
from typing import Any

import msgspec

MEMORY = 192 << 20
"""Bytes of heap: with what the process that asks for rows holds, 300 MB at most."""
DUCKDB_MEMORY = 64 << 20
"""What DuckDB itself is told."""
OUT_OF_MEMORY = {"limit": "memory"}
_BATCH = 256
_LONGEST = 1_000_000
"""Characters of one cell."""
_MOST_COLUMNS = 2_000


def main(path: str, seconds: int) -> None:
    """See the module."""
    _limit(seconds)
    import duckdb

    out = sys.stdout.buffer
    try:
        connection = duckdb.connect(
            config={
                "memory_limit": f"{DUCKDB_MEMORY >> 20}MiB",
                "threads": "1",
                "temp_directory": "",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
                "allow_community_extensions": "false",
            }
        )
        connection.execute("SET enable_progress_bar = false")
        # a column of a row group at once may be a gigabyte; without, it is read page by page
        connection.execute("SET disable_parquet_prefetching = true")
        connection.execute("SET allowed_paths = ?", [[path]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        columns = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
        if len(columns) > _MOST_COLUMNS:
            raise ValueError(f"{len(columns)} columns")
        out.write(msgspec.json.encode([str(column[0]) for column in columns]) + b"\n")
        cells = ", ".join(_cell(str(column[0]), str(column[1])) for column in columns)
        result = connection.execute(f"SELECT {cells} FROM read_parquet(?)", [path])  # noqa: S608 - quoted names
        while rows := result.fetchmany(_BATCH):
            for row in rows:
                out.write(msgspec.json.encode(["" if cell is None else cell for cell in row]) + b"\n")
        out.write(b"{}\n")
    except (duckdb.OutOfMemoryException, MemoryError):
        out.write(msgspec.json.encode(OUT_OF_MEMORY) + b"\n")
    except Exception as error:
        first: Any = (str(error).splitlines() or [type(error).__name__])[0]
        out.write(msgspec.json.encode({"error": first[:200]}) + b"\n")
    out.flush()


def _cell(name: str, kind: str) -> str:
    """Text of a column: what is binary by its digest, so that equal pictures can be seen."""
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "BLOB":
        return f"'sha256:' || sha256({quoted})"
    if kind.startswith("STRUCT") and "bytes BLOB" in kind:
        return f"'sha256:' || sha256({quoted}.bytes)"
    text = f"CAST({quoted} AS VARCHAR)"
    return (
        f"CASE WHEN length({text}) > {_LONGEST} THEN error('a cell of more than {_LONGEST} characters') ELSE {text} END"
    )


def _limit(seconds: int) -> None:
    for what, most in (
        (resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    signal.alarm(seconds + 30)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main(sys.argv[1], int(sys.argv[2]))
