"""Budgets and quarantines in the store, so that they outlive the keeper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bartizan.keeper.budget import Spend
from bartizan.keeper.tool_ledger import ToolLedger, create_tools
from bartizan.keeper.window import WindowKind, window_at
from bartizan.store.database import Database, upsert

KEEP_DAYS: Final = 62
"""Rows of windows that began longer ago are deleted at the next start."""

_METADATA: Final = sa.MetaData()
_BUDGET: Final = sa.Table(
    "keeper_budget",
    _METADATA,
    sa.Column("principal", sa.Text, primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("start", sa.BigInteger, primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("cost", sa.BigInteger, nullable=False),
)
_QUARANTINE: Final = sa.Table("keeper_quarantine", _METADATA, sa.Column("principal", sa.Text, primary_key=True))
_KINDS: Final[tuple[WindowKind, ...]] = ("hour", "day", "month")


def _first(connection: Connection) -> None:
    _BUDGET.create(connection)
    _QUARANTINE.create(connection)


class Ledger:
    """The keeper's tables. Methods block; StoreError says when the store does not answer.

    Sums are written as absolute values: a write that is repeated, or lost with the process, never counts twice.

    Args:
        database: open; only one keeper may use it at a time.

    Raises:
        StoreError: the store does not answer.
        ConfigurationError: its tables belong to a newer version.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("keeper", [_first, create_tools])
        self.tools = ToolLedger(database)

    def load(self, unix: float, most: int) -> list[Spend]:
        """Up to ``most`` rows of the windows running at ``unix``, after deleting rows that are past keeping."""
        with self._database.write() as connection:
            connection.execute(sa.delete(_BUDGET).where(_BUDGET.c.start < unix - KEEP_DAYS * 86400))
        with self._database.read() as connection:
            return _spends(connection, sa.select(_BUDGET).where(_running(unix)).limit(most))

    def find(self, principal: str, unix: float) -> list[Spend]:
        """The principal's rows of the windows running at ``unix``."""
        with self._database.read() as connection:
            return _spends(
                connection, sa.select(_BUDGET).where(_BUDGET.c.principal == _stored(principal), _running(unix))
            )

    def save(self, spends: Sequence[Spend]) -> None:
        """Write these sums."""
        rows = [msgspec.structs.asdict(spend) | {"principal": _stored(spend.principal)} for spend in spends]
        with self._database.write() as connection:
            upsert(connection, _BUDGET, ("principal", "kind", "start"), rows)

    def quarantined(self) -> list[str]:
        """Principals in quarantine."""
        with self._database.read() as connection:
            return [_named(name) for name in connection.scalars(sa.select(_QUARANTINE.c.principal))]

    def quarantine(self, principal: str) -> None:
        """Remember a quarantine."""
        with self._database.write() as connection:
            connection.execute(sa.delete(_QUARANTINE).where(_QUARANTINE.c.principal == _stored(principal)))
            connection.execute(sa.insert(_QUARANTINE).values(principal=_stored(principal)))

    def release(self, principal: str) -> None:
        """Forget a quarantine."""
        with self._database.write() as connection:
            connection.execute(sa.delete(_QUARANTINE).where(_QUARANTINE.c.principal == _stored(principal)))

    def close(self) -> None:
        """Close the store."""
        self._database.close()


def _stored(principal: str) -> str:
    # PostgreSQL cannot store NUL, and one row that cannot be stored must not keep the others from being saved.
    return principal.replace("\\", "\\\\").replace("\0", "\\0")


def _named(stored: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\0" if found[1] == "0" else found[1], stored)


def _running(unix: float) -> sa.ColumnElement[bool]:
    windows = ((kind, window_at(kind, unix).start) for kind in _KINDS)
    # A row from the future means that the clock was set back; its window counts as running.
    return sa.or_(*(sa.and_(_BUDGET.c.kind == kind, _BUDGET.c.start >= start) for kind, start in windows))


def _spends(connection: Connection, query: sa.Select[tuple[object, ...]]) -> list[Spend]:
    return [
        Spend(_named(row.principal), row.kind, row.start, row.requests, row.tokens, row.cost)
        for row in connection.execute(query.order_by(_BUDGET.c.start.desc()))
    ]
