"""CSV and TSV (RFC 4180, and the delimiters that are used besides)."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator

from bartizan.supplychain.datasets.interface import Table
from bartizan.supplychain.datasets.lines import LONGEST_LINE, lines
from bartizan.supplychain.datasets.rules import RAGGED
from bartizan.supplychain.interface import Budget, ByteSource, MalformedError, Rule

_DELIMITERS = ",\t;|"
_LOOKED = 50
MOST_COLUMNS = 2_000
_LONGEST_ROW = 2 * LONGEST_LINE
"""Characters of a row whose cells go over several lines."""


def read_delimited(source: ByteSource, budget: Budget) -> Table:
    """The table of a file; its first row is a header unless it holds numbers, blanks or repeats.

    Raises:
        MalformedError: it breaks the format, or has no rows.
        BudgetError: time is over.
    """
    notes: Counter[Rule] = Counter()
    stream = lines(source, budget, notes)
    first: list[str] = []
    for line in itertools.islice(stream, _LOOKED):
        first.append(line)
        if sum(map(len, first)) > LONGEST_LINE:
            break
    delimiter = _delimiter(first, source.name)
    parsed = _parsed(itertools.chain(first, stream), delimiter)
    top = next(parsed, None)
    if top is None:
        raise MalformedError("no rows", 0)
    if len(top) > MOST_COLUMNS:
        raise MalformedError(f"{len(top)} columns", 0)
    if _is_header(top):
        columns = tuple(cell.strip() for cell in top)
    else:
        columns = tuple(f"column{number}" for number in range(1, len(top) + 1))
        parsed = itertools.chain([top], parsed)
    return Table("csv" if delimiter != "\t" else "tsv", columns, _even(parsed, len(columns), budget, notes), notes)


def _delimiter(first: list[str], name: str) -> str:
    """The one that splits most of the first lines into the same number of fields, more than one."""
    if name.casefold().endswith((".tsv", ".tab")):
        return "\t"
    best, most = ",", 0
    for delimiter in _DELIMITERS:
        try:
            sizes = Counter(len(row) for row in csv.reader(first, delimiter=delimiter) if row)
        except csv.Error:
            continue
        size, agreeing = max(sizes.items(), key=lambda both: (both[0] > 1, both[1]), default=(0, 0))
        if size > 1 and agreeing > most:
            best, most = delimiter, agreeing
    return best


def _parsed(stream: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_LINE)
    size = 0

    def fed() -> Iterator[str]:
        nonlocal size
        for line in stream:
            size += len(line)
            if size > _LONGEST_ROW:
                raise MalformedError(f"a row is longer than {_LONGEST_ROW} characters", 0)
            yield line

    reader = csv.reader(fed(), delimiter=delimiter)
    try:
        for row in reader:
            size = 0
            if row:
                yield row
    except csv.Error as error:
        raise MalformedError(f"line {reader.line_num}: {error}", 0) from None


def _is_header(row: list[str]) -> bool:
    cells = [cell.strip() for cell in row]
    if not all(cells) or len(set(cells)) != len(cells) or any(len(cell) > 80 for cell in cells):
        return False
    return not any(cell.replace(".", "", 1).lstrip("+-").isdigit() for cell in cells)


def _even(rows: Iterator[list[str]], width: int, budget: Budget, notes: Counter[Rule]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        budget.step(1)
        if len(row) != width:
            notes[RAGGED] += 1
            row = [*row[: width - 1], "\n".join(row[width - 1 :])] if len(row) > width else row + [""] * width
        yield tuple(row[:width])
