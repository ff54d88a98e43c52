"""What datasets are made of here: tables, rows, and what is observed in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from bartizan.supplychain.interface import Rule

MOST_SHOWN = 1_000
"""Rows that one observation names."""


Place = tuple[int, int]
"""Number of the file in its dataset, from 0, and of the row in the file, from 1."""


class Table(NamedTuple):
    """A file read row by row."""

    format: str
    columns: tuple[str, ...]
    rows: Iterator[tuple[str, ...]]
    """One cell for each column. Raises MalformedError or BudgetError."""
    notes: Counter[Rule]
    """Rows that were odd, by rule; grows while rows are read."""


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """What the columns of a table are for."""

    text: tuple[str, ...] = ()
    label: str = ""
    split: str = ""


class Record(NamedTuple):
    """One row as the checks see it."""

    file: int
    """Which file of the dataset."""
    number: int
    """Counts from 1, without a header."""
    text: str
    label: str
    split: str
    """``train``, ``test`` or ``validation``; empty if unknown."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.file, self.number


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that holds for some rows."""

    rule: Rule
    explanation: str
    evidence: str = ""
    rows: tuple[str, ...] = ()
    """``number``, or ``file:number`` where there are several files; at most `MOST_SHOWN`."""
    count: int = 0
    """How many rows there are, shown or not."""
    of: int = 0
    """Of how many that were looked at."""
