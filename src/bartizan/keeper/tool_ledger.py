"""Sums of tool calls in the store, so that they outlive the keeper."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bartizan.keeper.tool_book import IDLE_SECONDS, SumKind, ToolSum
from bartizan.keeper.window import WindowKind, window_at
from bartizan.store.database import Database, upsert

KEEP_SECONDS: Final = 62 * 86_400

_SUMS: Final = sa.Table(
    "keeper_tool",
    sa.MetaData(),
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("start", sa.BigInteger, primary_key=True),
    sa.Column("touched", sa.BigInteger, nullable=False, index=True),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("spend", sa.BigInteger, nullable=False),
    sa.Column("recipients", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)
_KINDS: Final[tuple[WindowKind, ...]] = ("hour", "day", "month")


def create_tools(connection: Connection) -> None:
    """The second version of the keeper's tables."""
    _SUMS.create(connection)


class ToolLedger:
    """The keeper's table of tool calls. Methods block; StoreError says when the store does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, unix: float, most: int) -> list[ToolSum]:
        """Up to ``most`` sums that still count at ``unix``, newest first, after deleting those past keeping."""
        with self._database.write() as connection:
            connection.execute(sa.delete(_SUMS).where(_SUMS.c.touched < unix - KEEP_SECONDS))
        query = sa.select(_SUMS).where(_counts(unix)).order_by(_SUMS.c.touched.desc()).limit(most)
        with self._database.read() as connection:
            return _sums(connection, query)

    def find(self, owners: Sequence[str], unix: float) -> list[ToolSum]:
        """The sums of ``owners`` that still count at ``unix``."""
        wanted = [_key(owner) for owner in owners]
        with self._database.read() as connection:
            return _sums(connection, sa.select(_SUMS).where(_SUMS.c.owner.in_(wanted), _counts(unix)))

    def save(self, sums: Sequence[ToolSum]) -> None:
        """Write these sums, as absolute values."""
        rows = [
            {
                "owner": _key(one.owner), "kind": one.kind, "start": one.start, "touched": one.touched,
                "calls": one.calls, "spend": one.spend, "recipients": json.dumps(one.recipients),
                "name": json.dumps(one.owner),
            }
            for one in sums
        ]  # fmt: skip
        if rows:
            with self._database.write() as connection:
                upsert(connection, _SUMS, ("owner", "kind", "start"), rows)


def _key(owner: str) -> str:
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()


def _counts(unix: float) -> sa.ColumnElement[bool]:
    # A row from the future means that the clock was set back; its window counts as running.
    windows = (sa.and_(_SUMS.c.kind == kind, _SUMS.c.start >= window_at(kind, unix).start) for kind in _KINDS)
    return sa.or_(sa.and_(_SUMS.c.kind == "session", _SUMS.c.touched >= unix - IDLE_SECONDS), *windows)


def _sums(connection: Connection, query: sa.Select[tuple[object, ...]]) -> list[ToolSum]:
    found = [
        ToolSum(json.loads(row.name), _kind(row.kind), row.start, row.touched, row.calls, row.spend,
                json.loads(row.recipients))
        for row in connection.execute(query)
    ]  # fmt: skip
    return sorted(found, key=lambda one: -one.start)


def _kind(text: str) -> SumKind:
    kinds: tuple[SumKind, ...] = (*_KINDS, "session")
    return next(kind for kind in kinds if kind == text)
