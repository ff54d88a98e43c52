"""Sums of requests, tokens and cost per principal and calendar window."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import msgspec

from bartizan.core.errors import KeeperError
from bartizan.core.limits import Budget
from bartizan.keeper.window import WindowKind, window_at

NANO: Final = 1_000_000_000
"""Costs are summed in whole billionths of the currency, so that sums are exact."""
_MAX: Final = 2**62


class Spend(msgspec.Struct):
    """What one principal has spent in one window."""

    principal: str
    kind: WindowKind
    start: int
    requests: int = 0
    tokens: int = 0
    cost: int = 0
    """In billionths."""


def nano(cost: float) -> int:
    """A cost in billionths, rounded away from zero. Raises KeeperError for what is no amount of money."""
    if not math.isfinite(cost) or abs(cost) > 1e9:
        raise KeeperError("a cost out of range")
    return math.ceil(cost * NANO) if cost >= 0 else -math.ceil(-cost * NANO)


class BudgetBook:
    """The running windows. Rows changed since ``take_dirty`` was last called are remembered for the store."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, WindowKind], Spend] = {}
        self._dirty: set[tuple[str, WindowKind]] = set()
        self.spilled = False
        """Rows of running windows were evicted; a missing row may be in the store."""

    def row(self, principal: str, kind: WindowKind, unix: float) -> Spend:
        """The sums of the current window. A clock that goes back does not open an earlier window again."""
        start = window_at(kind, unix).start
        row = self._rows.get((principal, kind))
        if row is None or row.start < start:
            row = self._rows[principal, kind] = Spend(principal, kind, start)
        return row

    def knows(self, principal: str, kind: WindowKind) -> bool:
        """False if the store must be asked before the row can be used."""
        return not self.spilled or (principal, kind) in self._rows

    def exceeded(self, principal: str, budget: Budget, tokens: int, cost: int, unix: float) -> str:
        """Which sum one more request with these amounts would bring over its limit; empty if none."""
        row = self.row(principal, budget.window, unix)
        if budget.requests and row.requests + 1 > budget.requests:
            return "budget.requests"
        if budget.tokens and row.tokens + tokens > budget.tokens:
            return "budget.tokens"
        if budget.cost and row.cost + cost > nano(budget.cost):
            return "budget.cost"
        return ""

    def add(self, principal: str, kind: WindowKind, unix: float, requests: int, tokens: int, cost: int) -> int:
        """Add to the current window's sums, which never fall below 0; returns the window's start."""
        row = self.row(principal, kind, unix)
        row.requests = min(_MAX, max(0, row.requests + requests))
        row.tokens = min(_MAX, max(0, row.tokens + tokens))
        row.cost = min(_MAX, max(0, row.cost + cost))
        self._dirty.add((principal, kind))
        return row.start

    def load(self, rows: Iterable[Spend]) -> None:
        """Take over rows from the store, unless a newer window or sum is here already."""
        for row in rows:
            self._rows.setdefault((row.principal, row.kind), row)

    def take_dirty(self) -> list[Spend]:
        """Copies of the rows changed since the last call: absolute sums, so that writing them twice is harmless."""
        copies = [msgspec.structs.replace(self._rows[key]) for key in self._dirty if key in self._rows]
        self._dirty.clear()
        return copies

    def mark_dirty(self, rows: Iterable[Spend]) -> None:
        """After a failed write: these rows are still to be written."""
        self._dirty.update((row.principal, row.kind) for row in rows if (row.principal, row.kind) in self._rows)

    def sweep(self, unix: float, most: int) -> None:
        """Forget rows whose window is over and, beyond ``most``, the oldest ones that the store has."""
        clean = [key for key in self._rows if key not in self._dirty]
        for key in clean:
            if self._rows[key].start < window_at(key[1], unix).start:
                del self._rows[key]
        for key in clean:
            if len(self._rows) <= most:
                break
            if self._rows.pop(key, None) is not None:
                self.spilled = True

    def __len__(self) -> int:
        return len(self._rows)
