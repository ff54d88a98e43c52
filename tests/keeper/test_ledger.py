from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bartizan.keeper.budget import Spend
from bartizan.keeper.ledger import KEEP_DAYS, Ledger
from bartizan.keeper.window import window_at
from bartizan.store.database import open_database

POSTGRES = os.environ.get("BARTIZAN_TEST_POSTGRES", "")
NOW = 1_795_000_000.0
DAY = window_at("day", NOW).start
MONTH = window_at("month", NOW).start


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "postgresql" and not POSTGRES:
        pytest.skip("BARTIZAN_TEST_POSTGRES names no server")
    database = open_database(POSTGRES if request.param == "postgresql" else "sqlite:///state.db", tmp_path)
    ledger = Ledger(database)
    with database.write() as connection:
        for table in ("keeper_budget", "keeper_quarantine"):
            connection.execute(sa.text(f"delete from {table}"))
    yield ledger
    ledger.close()


def test_sums_are_replaced_never_added(ledger: Ledger) -> None:
    ledger.save([])
    ledger.save([Spend("alice", "day", DAY, 1, 2**61, 3), Spend("alice", "month", MONTH, 5)])
    ledger.save([Spend("alice", "day", DAY, 2, 2**61 + 1, 4)])
    ledger.save([Spend("alice", "day", DAY, 2, 2**61 + 1, 4)])
    assert sorted(ledger.find("alice", NOW), key=lambda row: row.kind) == [
        Spend("alice", "day", DAY, 2, 2**61 + 1, 4),
        Spend("alice", "month", MONTH, 5),
    ]


def test_only_running_windows_are_loaded_and_old_ones_deleted(ledger: Ledger) -> None:
    yesterday, ancient = DAY - 86400, DAY - (KEEP_DAYS + 2) * 86400
    future = DAY + 86400
    ledger.save([Spend("a", "day", start) for start in (ancient, yesterday, DAY, future)])
    assert sorted(row.start for row in ledger.load(NOW, 10)) == [DAY, future]
    assert len(ledger.load(NOW, 1)) == 1
    assert [row.start for row in ledger.find("a", ancient + 5)].count(ancient) == 0
    assert yesterday in [row.start for row in ledger.find("a", yesterday + 5)]


@pytest.mark.parametrize(
    "name", ["", "\0", "a\\0b", "\\", "\\\\0\0", "'; drop table keeper_budget; --", "ünï\U0001f600"]
)
def test_hostile_names_come_back_as_they_were(ledger: Ledger, name: str) -> None:
    ledger.save([Spend(name, "day", DAY, 7), Spend(name + "x", "day", DAY, 8)])
    assert [(row.principal, row.requests) for row in ledger.find(name, NOW)] == [(name, 7)]
    ledger.quarantine(name)
    ledger.quarantine(name)
    assert ledger.quarantined() == [name]
    ledger.release(name)
    assert ledger.quarantined() == []
