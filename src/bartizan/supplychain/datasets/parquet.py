"""Parquet, read by DuckDB in a process of its own that sees nothing but the file."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from bartizan.core.problem import printable
from bartizan.supplychain.datasets.interface import Table
from bartizan.supplychain.datasets.parquet_child import DUCKDB_MEMORY, OUT_OF_MEMORY
from bartizan.supplychain.interface import Budget, BudgetError, ByteSource, MalformedError, Rule

MAGIC = b"PAR1"
MOST_METADATA = 64 << 20
"""Bytes of the footer."""
_CHUNK = 1 << 20
_LONGEST_ROW = 16 << 20
_MODULE = "bartizan.supplychain.datasets.parquet_child"


def is_parquet(source: ByteSource) -> bool:
    """Whether it begins as Parquet does."""
    return source.starts_with(MAGIC) and source.size > 12


def read_parquet(source: ByteSource, budget: Budget) -> Table:
    """The table in a file. Raises MalformedError, BudgetError; also where the reading process dies."""
    if not source.starts_with(MAGIC, source.size - 4):
        raise MalformedError("a Parquet file without its end, or an encrypted one", source.size)
    length = int.from_bytes(source.read(source.size - 8, 4), "little")
    if not 0 < length <= min(source.size - 12, MOST_METADATA):
        raise MalformedError(f"{length} bytes of metadata in a file of {source.size}", source.size - 8)
    rows = _rows(source, budget)
    columns = next(rows)
    return Table("parquet", columns, rows, Counter[Rule]())


def _rows(source: ByteSource, budget: Budget) -> Iterator[tuple[str, ...]]:
    """The names of the columns, then each row."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bartizan-parquet-"))
        path = Path(folder) / "data.parquet"
        _copy(source, path, budget)
        seconds = max(1, int(budget.limits.seconds))
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE, str(path), str(seconds)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        stack.callback(_end, child)
        assert child.stdout is not None
        first = _line(child.stdout)
        if not isinstance(first, list):
            raise _problem(first, budget)
        width = len(first)
        yield tuple(map(str, first))
        while True:
            budget.step(1)
            row = _line(child.stdout)
            if row == {}:
                return
            if not isinstance(row, list) or len(row) != width:
                raise _problem(row, budget)
            yield tuple(map(str, row))


def _line(stream: IO[bytes]) -> Any:
    raw = stream.readline(_LONGEST_ROW)
    if len(raw) == _LONGEST_ROW:
        raise MalformedError(f"a row of more than {_LONGEST_ROW:,} bytes", 0)
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None


def _problem(said: Any, budget: Budget) -> MalformedError | BudgetError:
    """Why there are no more rows: a limit of ours is no fault of the file."""
    if said == OUT_OF_MEMORY:
        return BudgetError("memory", DUCKDB_MEMORY)
    if isinstance(said, dict) and "error" in said:
        return MalformedError(f"DuckDB cannot read it: {printable(str(said['error']), 160)}", 0)
    budget.check()  # the operating system ends the process when its processor time is over
    return MalformedError("the process that read it ended before the file did", 0)


def _copy(source: ByteSource, path: Path, budget: Budget) -> None:
    with path.open("xb") as out:
        for at in range(0, source.size, _CHUNK):
            piece = source.read(at, _CHUNK)
            budget.unpack(len(piece))
            out.write(piece)
            source.release(at, len(piece))


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    if child.stdout is not None:
        child.stdout.close()
