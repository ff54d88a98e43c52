from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bartizan.core.errors import ConfigurationError
from bartizan.store.database import Database, StoreError, open_database, upsert

POSTGRES = os.environ.get("BARTIZAN_TEST_POSTGRES", "")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        database = open_database("sqlite:///.bartizan/state.db", tmp_path)
    elif POSTGRES:
        database = open_database(POSTGRES, tmp_path)
    else:
        pytest.skip("BARTIZAN_TEST_POSTGRES names no server")
    yield database
    database.close()


@pytest.fixture
def table(database: Database) -> Iterator[sa.Table]:
    name = f"t_{uuid.uuid4().hex}"
    table = sa.Table(name, sa.MetaData(), sa.Column("k", sa.String(9), primary_key=True), sa.Column("v", sa.Integer))
    yield table
    with database.write() as connection:
        table.drop(connection, checkfirst=True)
        if sa.inspect(connection).has_table("schema_version"):
            connection.execute(sa.text("delete from schema_version where room = :room"), {"room": name})


def count(database: Database, table: sa.Table) -> int:
    with database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_migrations_run_once_and_in_order(database: Database, table: sa.Table) -> None:
    ran: list[int] = []

    def first(connection: Connection) -> None:
        ran.append(1)
        table.create(connection)

    def second(connection: Connection) -> None:
        ran.append(2)
        connection.execute(sa.insert(table).values(k="a", v=1))

    database.migrate(table.name, [first])
    database.migrate(table.name, [first, second])
    database.migrate(table.name, [first, second])
    assert ran == [1, 2]
    assert count(database, table) == 1
    with pytest.raises(ConfigurationError, match="version 2, this program knows 1"):
        database.migrate(table.name, [first])


def test_failed_migration_changes_nothing(database: Database, table: sa.Table) -> None:
    def broken(connection: Connection) -> None:
        table.create(connection)
        connection.execute(sa.text("select no_such_function()"))

    with pytest.raises(StoreError):
        database.migrate(table.name, [broken])
    with database.read() as connection:
        assert not sa.inspect(connection).has_table(table.name)
    database.migrate(table.name, [lambda connection: table.create(connection)])
    assert count(database, table) == 0


def test_writes_roll_back_as_a_whole(database: Database, table: sa.Table) -> None:
    database.migrate(table.name, [lambda connection: table.create(connection)])
    with pytest.raises(RuntimeError), database.write() as connection:  # noqa: PT012
        connection.execute(sa.insert(table).values(k="a", v=1))
        raise RuntimeError
    assert count(database, table) == 0


def test_upsert_inserts_and_replaces(database: Database, table: sa.Table) -> None:
    database.migrate(table.name, [lambda connection: table.create(connection)])
    with database.write() as connection:
        upsert(connection, table, ["k"], [])
        upsert(connection, table, ["k"], [{"k": "a", "v": 1}, {"k": "b", "v": 2}])
        upsert(connection, table, ["k"], [{"k": "a", "v": 3}])
    with database.read() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.k)).all()
    assert [tuple(row) for row in rows] == [("a", 3), ("b", 2)]


def test_writers_wait_for_each_other(database: Database, table: sa.Table) -> None:
    database.migrate(table.name, [lambda connection: table.create(connection)])
    with database.write() as connection:
        connection.execute(sa.insert(table).values(k="a", v=0))

    def add() -> None:
        for _ in range(25):
            with database.write() as connection:
                row = sa.select(table.c.v).where(table.c.k == "a").with_for_update()
                value = connection.scalar(row) or 0
                connection.execute(sa.update(table).values(v=value + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.scalar(sa.select(table.c.v)) == 100


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    code = """
import pathlib, sqlalchemy as sa, sys
from bartizan.store.database import open_database
table = sa.Table("t", sa.MetaData(), sa.Column("k", sa.Integer, primary_key=True))
open_database("sqlite:///state.db", pathlib.Path(sys.argv[1])).migrate("t", [lambda c: table.create(c)])
"""
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]


def test_whoever_opens_a_new_file_at_the_same_time_gets_in(tmp_path: Path) -> None:
    for turn in range(30):  # before, about one file in five refused somebody
        start, failed = threading.Barrier(6), list[Exception]()

        def use(start: threading.Barrier = start, failed: list[Exception] = failed, name: str = f"{turn}.db") -> None:
            database = open_database(f"sqlite:///{name}", tmp_path)
            start.wait()
            try:
                with database.write() as connection:
                    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (k)")
            except Exception as error:
                failed.append(error)
            database.close()

        threads = [threading.Thread(target=use, daemon=True) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert failed == []
        assert not any(thread.is_alive() for thread in threads)


def test_sqlite_file_is_private_and_in_wal_mode(tmp_path: Path) -> None:
    database = open_database("sqlite:///.bartizan/state.db", tmp_path)
    path = tmp_path / ".bartizan" / "state.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://host/x",
        "sqlite:///x?mode=ro",
        "postgresql://u:secret-word@h/d",
    ],
)
def test_unusable_urls_are_configuration_errors_without_secrets(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_database(url, tmp_path)
    assert "secret-word" not in str(caught.value)


def test_unusable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("this is not a database, by a long way" * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_database("sqlite:///file", tmp_path)
    with pytest.raises(ConfigurationError, match="cannot open the store"):
        open_database("sqlite:///file/state.db", tmp_path)


def test_absent_postgresql_driver_or_server_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises((ConfigurationError, StoreError), match=r"bartizan\[postgres\]|the store failed"):
        open_database("postgresql://127.0.0.1:1/nothing", tmp_path)
