"""From the bytes of a file to its table, and from tables to records."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Generator, Sequence

from bartizan.supplychain.datasets import columns as naming
from bartizan.supplychain.datasets.content import joined
from bartizan.supplychain.datasets.delimited import read_delimited
from bartizan.supplychain.datasets.interface import Columns, Record, Table
from bartizan.supplychain.datasets.objects import read_array, read_lines
from bartizan.supplychain.datasets.parquet import is_parquet, read_parquet
from bartizan.supplychain.interface import Budget, ByteSource

DELIMITED = (".csv", ".tsv", ".tab")
LINES = (".jsonl", ".ndjson")
_LOOKED, _LOOKED_SIZE = 1_000, 4 << 20
"""Rows and characters by which columns are told apart."""
_LONGEST_LABEL = 200


def is_table(source: ByteSource) -> bool:
    """Whether it is Parquet, is named as delimited text or JSON lines, or begins with two JSON objects on two lines."""
    name = source.name.casefold()
    if is_parquet(source) or name.endswith((*DELIMITED, *LINES)):
        return True
    head = source.read(0, 65_536).removeprefix(b"\xef\xbb\xbf").splitlines()
    return len(head) > 2 and all(line[:2] == b'{"' and line.rstrip()[-1:] == b"}" for line in head[:2])


def open_table(source: ByteSource, budget: Budget) -> Table:
    """The table in these bytes. Raises MalformedError, BudgetError."""
    if is_parquet(source):
        return read_parquet(source, budget)
    name = source.name.casefold()
    head = source.read(0, 64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if name.endswith(DELIMITED):
        return read_delimited(source, budget)
    if name.endswith(".json") and not is_table(source):
        return read_array(source, budget)
    if name.endswith(LINES) or head[:1] == b"{":
        return read_lines(source, budget)
    return read_array(source, budget)


def named_columns(table: Table, text: Sequence[str] = (), label: str = "", split: str = "") -> tuple[Table, Columns]:
    """The table again, and what its columns are for: as said, otherwise guessed. Raises ConfigurationError."""
    stream = iter(table.rows)
    first: list[tuple[str, ...]] = []
    size = 0
    for row in itertools.islice(stream, _LOOKED):
        first.append(row)
        size += sum(map(len, row))
        if size > _LOOKED_SIZE:
            break
    guessed = naming.guess(table.columns, first)
    chosen = naming.chosen(guessed, table.columns, text, label, split)
    return table._replace(rows=itertools.chain(first, stream)), chosen


def records(
    table: Table, columns: Columns, file: int = 0, split: str = ""
) -> Generator[tuple[Record, str], None, None]:
    """Each row as a record, with all of its cells as one text; ``split`` is what the file's name says."""
    names = list(table.columns)
    at = [names.index(name) for name in columns.text]
    label = names.index(columns.label) if columns.label else -1
    part = names.index(columns.split) if columns.split else -1
    for number, row in enumerate(table.rows, start=1):
        text = "\n".join(row[one] for one in at)
        own = naming.split_of(row[part]) if part >= 0 else split
        yield Record(file, number, text, _short(row[label]) if label >= 0 else "", own), joined(row)


def _short(label: str) -> str:
    """A label as it is compared: of a long one the beginning, and a digest of all of it."""
    if len(label) <= _LONGEST_LABEL:
        return label
    digest = hashlib.blake2b(label.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{label[: _LONGEST_LABEL - 20]}… {digest}"
