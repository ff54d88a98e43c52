"""Sums of tool calls, spend and recipients, per session and per principal and calendar window."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from bartizan.core.errors import KeeperError
from bartizan.core.tool_budget import PrincipalToolBudget, ToolBudget, ToolLimits, ToolUse
from bartizan.keeper.budget import nano
from bartizan.keeper.window import WindowKind, window_at

IDLE_SECONDS: Final = 86_400
"""A session that made no call for this long begins anew."""
MOST_RECIPIENTS: Final = 1_000
"""Of one call, and kept in one sum."""
MOST_SPEND: Final = 1e6
"""Of one call; within it sums stay exact in the Valkey form too, whose numbers are doubles."""
_MAX: Final = 2**62

SumKind = WindowKind | Literal["session"]


class ToolSum(msgspec.Struct):
    """What one session, or one principal in one window, has used."""

    owner: str
    kind: SumKind
    start: int
    """Of the window; 0 for a session."""
    touched: int
    """Unix seconds."""
    calls: int = 0
    spend: int = 0
    """In billionths."""
    recipients: dict[str, int] = {}
    """Hash of a recipient to calls that send to it."""


class Used(msgspec.Struct, frozen=True):
    """A call in the units of the sums."""

    spend: int
    recipients: tuple[str, ...]


def used(use: ToolUse) -> Used:
    """Raises KeeperError for amounts that are none, and for more than MOST_RECIPIENTS recipients."""
    if not 0 <= use.spend <= MOST_SPEND or len(use.recipients) > MOST_RECIPIENTS:
        raise KeeperError("a tool call's amounts are out of range")
    return Used(nano(use.spend), tuple(sorted({_hashed(name) for name in use.recipients})))


def session_owner(use: ToolUse) -> str:
    """Two principals who use one session id do not share its sums."""
    return f"{len(use.principal)}:{use.principal}:{use.session}"


class ToolBook:
    """The running sums. Rows changed since ``take_dirty`` was last called are remembered for the store."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, SumKind], ToolSum] = {}
        self._dirty: set[tuple[str, SumKind]] = set()
        self.spilled = False
        """Rows were evicted; a missing row may be in the store."""

    def knows(self, use: ToolUse, limits: ToolLimits) -> bool:
        """False if the store must be asked before the call can be counted."""
        return not self.spilled or all(key in self._rows for key in _keys(use, limits))

    def row(self, owner: str, kind: SumKind, unix: float) -> ToolSum:
        """The current sums. A clock that goes back does not open an earlier window again."""
        start = 0 if kind == "session" else window_at(kind, unix).start
        row = self._rows.get((owner, kind))
        stale = row is not None and kind == "session" and unix - row.touched > IDLE_SECONDS
        if row is None or row.start < start or stale:
            row = self._rows[owner, kind] = ToolSum(owner, kind, start, int(unix))
        return row

    def begin(self, use: ToolUse, limits: ToolLimits, unix: float) -> None:
        """Make the rows that neither memory nor store has."""
        for owner, kind in _keys(use, limits):
            self.row(owner, kind, unix)

    def exceeded(self, use: ToolUse, amounts: Used, limits: ToolLimits, unix: float) -> str:
        """Which sum this call would bring over its limit, such as ``session.spend``; empty if none."""
        for name, budget, owner, kind in _counted(use, limits):
            row = self.row(owner, kind, unix)
            if budget.calls and row.calls + 1 > budget.calls:
                return f"{name}.calls"
            if budget.spend and row.spend + amounts.spend > nano(budget.spend):
                return f"{name}.spend"
            fresh = sum(recipient not in row.recipients for recipient in amounts.recipients)
            if budget.recipients and fresh and len(row.recipients) + fresh > budget.recipients:
                return f"{name}.recipients"
        return ""

    def add(self, use: ToolUse, amounts: Used, limits: ToolLimits, unix: float) -> int:
        """Count a call; the start of the principal's window, 0 without one."""
        start = 0
        for _, budget, owner, kind in _counted(use, limits):
            row = self.row(owner, kind, unix)
            row.calls, row.spend = min(_MAX, row.calls + 1), min(_MAX, row.spend + amounts.spend)
            row.touched = int(unix)
            if budget.recipients:
                row.recipients = dict(row.recipients)
                for recipient in amounts.recipients:
                    row.recipients[recipient] = row.recipients.get(recipient, 0) + 1
            self._dirty.add((owner, kind))
            start = row.start or start
        return start

    def take_back(self, use: ToolUse, amounts: Used, limits: ToolLimits, window: int, unix: float) -> None:
        """Undo ``add`` for a call that did not run; what was counted in a window that is over stays counted there."""
        for _, _, owner, kind in _counted(use, limits):
            row = self.row(owner, kind, unix)
            if kind != "session" and row.start != window:
                continue
            row.calls, row.spend = max(0, row.calls - 1), max(0, row.spend - amounts.spend)
            left = dict(row.recipients)
            for recipient in amounts.recipients:
                left[recipient] = left.get(recipient, 0) - 1
            row.recipients = {recipient: count for recipient, count in left.items() if count > 0}
            self._dirty.add((owner, kind))

    def load(self, rows: Iterable[ToolSum]) -> None:
        """Take over rows from the store, unless they are here already."""
        for row in rows:
            self._rows.setdefault((row.owner, row.kind), row)

    def take_dirty(self) -> list[ToolSum]:
        """Copies of the rows changed since the last call: absolute sums, so that writing them twice is harmless."""
        copies = [msgspec.structs.replace(self._rows[key]) for key in self._dirty if key in self._rows]
        self._dirty.clear()
        return copies

    def mark_dirty(self, rows: Iterable[ToolSum]) -> None:
        """After a failed write: these rows are still to be written."""
        self._dirty.update((row.owner, row.kind) for row in rows if (row.owner, row.kind) in self._rows)

    def sweep(self, unix: float, most: int) -> None:
        """Forget what is over and, beyond ``most`` rows, the oldest ones that the store has."""
        clean = [key for key in self._rows if key not in self._dirty]
        for key in clean:
            row = self._rows[key]
            over = unix - row.touched > IDLE_SECONDS if row.kind == "session" else row.start < _start(row.kind, unix)
            if over:
                del self._rows[key]
        for key in clean:
            if len(self._rows) <= most:
                break
            if self._rows.pop(key, None) is not None:
                self.spilled = True

    def __len__(self) -> int:
        return len(self._rows)


def _start(kind: WindowKind, unix: float) -> int:
    return window_at(kind, unix).start


def _counted(use: ToolUse, limits: ToolLimits) -> list[tuple[str, ToolBudget | PrincipalToolBudget, str, SumKind]]:
    found: list[tuple[str, ToolBudget | PrincipalToolBudget, str, SumKind]] = []
    if use.session and limited(limits.session):
        found.append(("session", limits.session, session_owner(use), "session"))
    if limited(limits.principal):
        found.append(("principal", limits.principal, use.principal, limits.principal.window))
    return found


def limited(budget: ToolBudget | PrincipalToolBudget) -> bool:
    """True if it limits anything."""
    return budget.calls > 0 or budget.spend > 0 or budget.recipients > 0


def _keys(use: ToolUse, limits: ToolLimits) -> list[tuple[str, SumKind]]:
    return [(owner, kind) for _, _, owner, kind in _counted(use, limits)]


def _hashed(recipient: str) -> str:
    return hashlib.sha256(recipient.encode("utf-8", "surrogatepass")).hexdigest()[:16]
