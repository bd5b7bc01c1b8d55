"""Opens, migrates and guards one database, and hands out its transactions.

A database that is not ours, damaged, or newer than this code is refused before a byte of it is
written. There is one writer at a time in both kinds of database, so what a writing transaction has
read still holds when it commits; readers never wait for the writer.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from pydantic import Field
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from data.errors import StoreError, UserError
from data.record import Record
from data.store.schema import SCHEMA_VERSION, VERSION_TABLE, Table

KNOWN_URLS = "sqlite:///FILE and postgresql://USER@HOST/DATABASE"
PASSWORD = re.compile(r":[^:/]*@")
WAL_RETRY_S = 0.02


class Limits(Record):
    """How long the store waits before it gives up with a `StoreError`."""

    lock_timeout_s: float = Field(default=30.0, gt=0)
    """For another writer to finish."""
    connect_timeout_s: int = Field(default=10, ge=2)
    """For a PostgreSQL server to answer, on each of the addresses of its name."""
    silence_timeout_s: int = Field(default=60, gt=0)
    """For a PostgreSQL server to acknowledge what was sent to it, before it counts as lost."""


class Database:
    """One open database. Threads may share it; every process opens its own."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._writer = engine.execution_options(palaestra_begin="BEGIN IMMEDIATE")
        self._limits = limits

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that reads what is committed and writes nothing."""
        with self.faults(), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session with the writer's lock; commits at the end, all or nothing."""
        with self.faults(), Session(self._writer) as session, session.begin():
            self._lock(session.connection())
            yield session

    def _lock(self, connection: Connection) -> None:
        """Waits for the only writer's place; SQLite has given it with BEGIN IMMEDIATE."""
        if connection.dialect.name == "postgresql":
            timeout_ms = ceil(self._limits.lock_timeout_s * 1000)
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {timeout_ms}")
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('palaestra'))")

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turns what the database reports into one line; a broken constraint is our own mistake."""
        try:
            yield
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise StoreError(f"{self._name}: {self._explain(error)}") from error

    @property
    def _name(self) -> str:
        return f"database {self._engine.url.render_as_string(hide_password=True)}"

    def _explain(self, error: SQLAlchemyError) -> str:
        reported = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        code = getattr(getattr(error, "orig", None), "sqlite_errorname", "")
        if code.startswith("SQLITE_BUSY") or "lock timeout" in reported:
            limit = f"{self._limits.lock_timeout_s:g} s"
            return f"locked by another process for over {limit}; end that one or wait for it"
        if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            return f"damaged or no database ({reported}); restore a copy or name another file"
        if code.startswith("SQLITE_CANTOPEN"):
            return f"{reported}; name a file in a folder that may be written"
        return reported

    def migrate(self) -> None:
        """Brings the tables to `SCHEMA_VERSION`; does nothing if they are there already."""
        with self.faults():
            with self._engine.connect() as connection:
                version = self._version(connection)
            if version == SCHEMA_VERSION:
                return
            if version is None and self._engine.dialect.name == "sqlite":
                self._enter_wal()
            with self._writer.begin() as connection:
                self._lock(connection)
                if self._version(connection) != SCHEMA_VERSION:
                    # Alembic takes a third of a second to import, once in a database's life.
                    from data.store.revisions import upgrade

                    upgrade(connection)

    def _version(self, connection: Connection) -> str | None:
        """The database's revision; None if it holds nothing yet. Refuses what is not ours."""
        tables = set(inspect(connection).get_table_names())
        if VERSION_TABLE in tables:
            query = text(f"SELECT version_num FROM {VERSION_TABLE}")
            version: str | None = connection.execute(query).scalar_one_or_none()
            if version is not None and version > SCHEMA_VERSION:
                raise StoreError(
                    f"{self._name}: has schema {version}, newer than this code's {SCHEMA_VERSION}; "
                    "update the code or name another database"
                )
            return version
        if connection.dialect.name == "postgresql":
            # A server's database may be shared; only tables of the same name are in the way.
            tables &= set(Table.metadata.tables)
        if tables:
            found = ", ".join(sorted(tables)[:3])
            raise StoreError(
                f"{self._name}: not made by palaestra, it holds {found}; name another database"
            )
        return None

    def _enter_wal(self) -> None:
        """Write-ahead logging, for readers beside a writer; the file remembers it.

        SQLite gives up at once when two processes make this switch, hence the loop.
        """
        deadline = time.monotonic() + self._limits.lock_timeout_s
        engine = self._engine.execution_options(palaestra_begin="")
        while True:
            try:
                with engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                return
            except OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(WAL_RETRY_S)


def open_database(url: str, limits: Limits) -> Database:
    """The database at `url`, migrated; raises `StoreError`, or `UserError` for a URL of no use."""
    parsed = parse_url(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            engine = _sqlite_engine(parsed, limits)
        else:
            engine = _postgres_engine(parsed, limits)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"database {parsed!r}: the driver {error.name} is not installed; "
            "install palaestra with its extra [postgres]"
        ) from error
    database = Database(engine, limits)
    try:
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database


def parse_url(url: str) -> URL:
    """`url` with its driver filled in; raises `UserError` if it names no database we know."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        shown = PASSWORD.sub(":***@", url)
        raise UserError(f"no database URL {shown!r}; known are {KNOWN_URLS}") from error
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise UserError(f"{url!r} names no file; a store outlives its process: {KNOWN_URLS}")
        return parsed
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    raise UserError(f"no database of kind {parsed.drivername!r}; known are {KNOWN_URLS}")


def _sqlite_engine(url: URL, limits: Limits) -> Engine:
    assert url.database is not None
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"database {url!r}: cannot make its folder: {error.strerror}") from error
    engine = create_engine(url, connect_args={"timeout": limits.lock_timeout_s})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: SqliteConnection, _record: object) -> None:
    # Python's driver would begin transactions by itself, too late for what was read before.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("palaestra_begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _postgres_engine(url: URL, limits: Limits) -> Engine:
    return create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": limits.connect_timeout_s,
            "tcp_user_timeout": limits.silence_timeout_s * 1000,
        },
    )
