"""The mutable state of a deployment: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bartizan.core.errors import BartizanError, ConfigurationError

BUSY_SECONDS: Final = 5.0
"""How long a connection waits for another one's lock."""

Migration = Callable[[Connection], None]
"""One step of a schema; runs inside a transaction that holds the schema's lock."""

_VERSIONS: Final = sa.Table(
    "schema_version",
    sa.MetaData(),
    sa.Column("room", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)
_LOCK_KEY: Final = 0x62617274  # any constant; PostgreSQL's advisory locks are numbers


class StoreError(BartizanError):
    """The store did not do what was asked: it is locked, gone, full or damaged."""


class Database:
    """An open store. Its methods block: call them from a thread where an event loop runs. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises StoreError."""
        with self._transaction(write=False) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back by any exception. Raises StoreError."""
        with self._transaction(write=True) as connection:
            yield connection

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(bartizan_write=write) as connection, connection.begin():
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(f"the store failed: {_reason(error)}") from error

    def migrate(self, room: str, steps: Sequence[Migration]) -> None:
        """Bring the tables of ``room`` to version ``len(steps)``, each missing step once, all in one transaction.

        Processes that start together wait for each other.

        Raises:
            ConfigurationError: the tables are of a newer version than this program knows.
            StoreError: a step failed; nothing was changed.
        """
        with self.write() as connection:
            if self.dialect == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
            _VERSIONS.create(connection, checkfirst=True)
            found = connection.scalar(sa.select(_VERSIONS.c.version).where(_VERSIONS.c.room == room))
            version = found or 0
            if version > len(steps):
                raise ConfigurationError(
                    f"the store's {room} tables are version {version}, this program knows {len(steps)}",
                    "use the Bartizan version that wrote them, or a fresh store",
                )
            for step in steps[version:]:
                step(connection)
            if found is None:
                connection.execute(sa.insert(_VERSIONS).values(room=room, version=len(steps)))
            elif version < len(steps):
                connection.execute(sa.update(_VERSIONS).where(_VERSIONS.c.room == room).values(version=len(steps)))

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


def open_database(url: str, root: Path) -> Database:
    """Open the store that ``bartizan.yaml`` names, creating an SQLite file if there is none.

    Args:
        url: ``sqlite:///PATH`` (relative to ``root``) or ``postgresql://[USER@]HOST[:PORT]/DATABASE``.
        root: the workspace.

    Raises:
        ConfigurationError: the URL is malformed, names another kind of database or holds a password; the file's
            directory cannot be created; or the PostgreSQL driver is not installed.
        StoreError: the database cannot be reached or is not one.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError("the store is not a database URL", "such as sqlite:///.bartizan/state.db") from None
    if parsed.drivername == "sqlite":
        engine = _sqlite(parsed, root)
    elif parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        engine = _postgresql(parsed)
    else:
        raise ConfigurationError(f"no store of kind {parsed.drivername!r}", "use sqlite or postgresql")
    database = Database(engine)
    with database.read() as connection:
        connection.execute(sa.select(sa.literal(1)))
    return database


def _sqlite(url: URL, root: Path) -> Engine:
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise ConfigurationError("the SQLite store needs a file", "such as sqlite:///.bartizan/state.db")
    path = root / url.database
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise ConfigurationError(f"cannot open the store {path}: {error.strerror}") from error
    engine = sa.create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transaction handling commits before DDL; we say BEGIN ourselves.
        connection.isolation_level = None
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A write lock taken at the start waits for its turn; one taken half way fails at once if somebody else wrote.
        writes = connection.get_execution_options().get("bartizan_write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a file to write-ahead logging. Who meets another one at it is told "busy" without SQLite's own wait.

    Raises:
        sqlite3.OperationalError: it does not come to it in `BUSY_SECONDS`.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)


def _postgresql(url: URL) -> Engine:
    if url.password is not None:
        raise ConfigurationError(
            "the store's URL holds a password", "remove it and set PGPASSWORD, or PGPASSFILE to a file that has it"
        )
    try:
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=2,
            connect_args={"connect_timeout": int(BUSY_SECONDS), "application_name": "bartizan"},
        )
    except ImportError:
        raise ConfigurationError("PostgreSQL needs its driver", "pip install 'bartizan[postgres]'") from None


def upsert(connection: Connection, table: sa.Table, keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows``, or replace the other columns where ``keys`` are there already. Raises StoreError's causes."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        statement: Any = postgresql_insert(table)
    else:
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        statement = sqlite_insert(table)
    replaced = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=replaced), list(rows))


def _reason(error: SQLAlchemyError) -> str:
    original = getattr(error, "orig", None) or error
    return " ".join(str(original).split())[:300] or type(original).__name__
