"""Which changes of a table's row somebody could really make: a small file of constraints, and what follows from it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec
import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Flags, Floats
from bartizan.workspace.document import load


class Change(StrEnum):
    """In which direction a column may change."""

    ANY = "any"
    NEVER = "never"
    INCREASE = "increase"
    DECREASE = "decrease"


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is possible in one column."""

    change: Change = Change.ANY
    low: float | None = None
    """Smallest value; that of the data without it."""
    high: float | None = None
    """Largest value; that of the data without it."""
    integer: bool = False
    """Only whole numbers."""
    values: tuple[float, ...] = ()
    """Only these, as for categories that are coded as numbers."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A linear rule between columns: the weighted sum stays at most ``at_most``."""

    weights: dict[str, float]
    at_most: float


class Constraints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file. Columns that it does not name may change freely within the range of the data."""

    columns: dict[str, Column] = {}
    categories: tuple[tuple[str, ...], ...] = ()
    """Groups of one-hot columns: exactly one is 1."""
    rules: tuple[Rule, ...] = ()


class Space:
    """The constraints for the columns of one data set.

    Args:
        constraints: the file.
        names: of the columns, in order.
        x: rows ``(n, columns)`` from which ranges are taken.

    Raises:
        AuditError: the file names a column that does not exist, a group overlaps another, or a range is empty.
    """

    def __init__(self, constraints: Constraints, names: tuple[str, ...], x: Floats) -> None:
        self.names = names
        place = {name: index for index, name in enumerate(names)}
        mentioned = [*constraints.columns, *(name for group in constraints.categories for name in group)]
        mentioned += [name for rule in constraints.rules for name in rule.weights]
        for name in mentioned:
            if name not in place:
                raise AuditError(f"constraints name the column {name!r}", f"the data has {', '.join(names[:8])} …")
        flat = [name for group in constraints.categories for name in group]
        if len(set(flat)) != len(flat) or any(len(group) < 2 for group in constraints.categories):
            raise AuditError("groups of categories overlap, or one has a single column")
        self.columns = [constraints.columns.get(name, Column()) for name in names]
        self.groups = [np.array([place[name] for name in group]) for group in constraints.categories]
        self.grouped = {int(index) for group in self.groups for index in group}
        self.low = np.array([x[:, i].min() if c.low is None else c.low for i, c in enumerate(self.columns)], float)
        self.high = np.array([x[:, i].max() if c.high is None else c.high for i, c in enumerate(self.columns)], float)
        if (self.low > self.high).any():
            raise AuditError(f"the range of {names[int(np.argmax(self.low > self.high))]!r} is empty")
        self.weights = np.zeros((len(constraints.rules), len(names)))
        self.at_most = np.array([rule.at_most for rule in constraints.rules], float)
        for number, rule in enumerate(constraints.rules):
            for name, weight in rule.weights.items():
                self.weights[number, place[name]] = weight

    def legal(self, x: Floats) -> Flags:
        """Rows ``(n, columns)`` that satisfy ranges, whole numbers, values, groups and rules."""
        found: Flags = np.asarray(((x >= self.low - 1e-6) & (x <= self.high + 1e-6)).all(axis=1))
        for index, column in enumerate(self.columns):
            if column.integer:
                found &= np.abs(x[:, index] - np.rint(x[:, index])) < 1e-6
            if column.values:
                found &= (np.abs(x[:, index, None] - np.asarray(column.values)) < 1e-6).any(axis=1)
        for group in self.groups:
            part = x[:, group]
            found &= ((np.abs(part) < 1e-6) | (np.abs(part - 1) < 1e-6)).all(axis=1) & (np.abs(part.sum(1) - 1) < 1e-6)
        if len(self.at_most):
            found &= (x @ self.weights.T <= self.at_most + 1e-6).all(axis=1)
        return found

    def reachable(self, x: Floats, origin: Floats) -> Flags:
        """Legal rows to which each origin may be changed: immutable and one-way columns are kept."""
        found = self.legal(x)
        for index, column in enumerate(self.columns):
            moved = x[:, index] - origin[:, index]
            if column.change is Change.NEVER:
                found &= np.abs(moved) < 1e-9
            elif column.change is Change.INCREASE:
                found &= moved > -1e-9
            elif column.change is Change.DECREASE:
                found &= moved < 1e-9
        return found

    def interval(self, index: int, value: float, share: float) -> tuple[float, float]:
        """Values that one column may take from ``value``, by at most ``share`` of its range."""
        reach = share * (self.high[index] - self.low[index])
        low, high = max(self.low[index], value - reach), min(self.high[index], value + reach)
        change = self.columns[index].change
        if change is Change.NEVER:
            return value, value
        if change is Change.INCREASE:
            low = value
        if change is Change.DECREASE:
            high = value
        return low, high

    def changed(self, x: Floats, origin: Floats) -> Floats:
        """Decisions that differ, ``(n,)``: a group of categories counts once."""
        moved = np.abs(x - origin) > 1e-9
        single = [index for index in range(x.shape[1]) if index not in self.grouped]
        return moved[:, single].sum(axis=1) + sum(
            (moved[:, group].any(axis=1) for group in self.groups), np.zeros(len(x))
        )


def read(path: Path) -> Constraints:
    """The file, strictly: unknown keys are errors with line and column.

    Raises:
        BartizanError: unreadable, or not what is expected.
    """
    return load(path, Constraints)


def guessed(x: Floats, names: tuple[str, ...]) -> Constraints:
    """Without a file: whole numbers stay whole, columns with at most two values keep to them."""
    columns = {}
    for index, name in enumerate(names):
        values = np.unique(x[:, index])
        if len(values) <= 2:
            columns[name] = Column(values=tuple(map(float, values)))
        elif np.array_equal(values, np.rint(values)):
            columns[name] = Column(integer=True)
    return Constraints(columns)
