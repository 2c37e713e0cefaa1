"""The one place that opens a database and decides how transactions begin."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

from loguru import logger
from sqlalchemy import Row, Select, create_engine, event, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.database_faults import is_damaged, is_locked
from core.database_file import DatabaseFile
from core.errors import ConfigurationError, DatabaseDamaged, DatabaseLost
from core.group_commit import GroupCommit
from core.main_file import STEADY

DatabaseFault = SQLAlchemyError  # whatever the database says no with; for those who may not import SQLAlchemy

T = TypeVar("T")
Columns = TypeVarTuple("Columns")
Work = Callable[[AsyncConnection], Awaitable[T]]

BUSY_TIMEOUT_MS = 250  # a short wait in the driver; `Database.write` keeps trying after it
PATIENCE = 120.0  # seconds a writer keeps trying; an admin's shell may hold the lock for 30
NOTABLE = 2.0  # seconds of that after which it is told; a busy moment of our own is shorter
# isolation_level None: the driver begins nothing by itself, `_begin_sqlite` does.
SQLITE: Any = {"connect_args": {"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000}}
WAL_KEPT = 16 * 1024 * 1024  # bytes of the log file that stay after a long reader made it large
NOTIFY_CHANNEL = "boss_bot"
WRITE_LOCK = 0x626F7373  # an advisory lock of PostgreSQL; any constant number that nobody else takes in this database
LOCK_TIMEOUT_MS = 2000  # PostgreSQL, for this lock and those of rows that somebody's shell holds; it is tried again


class Database:
    """An engine and the two ways to use it: `read` and `write`, each one transaction.

    Once it is lost (replaced, upgraded, damaged) every use of it says so, and nothing is written any more.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _open_engine(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._group = GroupCommit(self._write_alone)
        path = sqlite_path(url)
        self._file = DatabaseFile(path) if path is not None else None
        self._glances = _prepared(create_engine(self.url.set(drivername="sqlite"), **SQLITE)) if path else None
        self.fault: DatabaseLost | None = None
        self._lost = asyncio.Event()

    async def read(self, work: Work[T]) -> T:
        """Run `work` in a transaction that takes no write lock."""

        async def transaction() -> T:
            async with self.engine.connect() as connection:
                await connection.execution_options(boss_bot_read_only=True)
                return await work(connection)

        return await self._proved(transaction)

    async def look(self, statement: Select[*Columns]) -> Row[*Columns]:
        """The one row that a statement gives.

        On SQLite in one turn of a thread, of which `read` takes a dozen: for what is asked whenever anything changed.
        """
        glances = self._glances
        if glances is None:
            return await self.read(lambda connection: _one_row(connection, statement))

        def glance() -> Row[*Columns]:
            with glances.connect() as connection:
                connection.execution_options(boss_bot_read_only=True)
                return connection.execute(statement).one()

        return await self._proved(lambda: asyncio.to_thread(glance))

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction that holds the write lock from its start; SQLite's may be shared by several.

        So what `work` reads is true until it is committed: nobody else of ours writes. A locked database is waited
        for, with jitter, for as long as `PATIENCE`; `work` is then begun anew, so it must do nothing but SQL.

        Raises:
            DatabaseLost: see the class.
            sqlalchemy.exc.DBAPIError: still locked after that, or another fault of the database.
        """
        if self.is_sqlite:
            return await self._group.write(work)
        return await self._write_alone(work)

    async def _write_alone(self, work: Work[T]) -> T:
        async def transaction() -> T:
            async with self.engine.begin() as connection:
                if self.is_sqlite:
                    return await work(connection)
                # Two who count rows before they write theirs would not see each other's otherwise.
                await connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})"))
                result = await work(connection)
                await connection.execute(text(f"SELECT pg_notify('{NOTIFY_CHANNEL}', '')"))
                return result

        begun = time.monotonic()
        warned = False
        while True:
            try:
                return await self._proved(transaction)
            except DBAPIError as error:
                if not is_locked(error) or time.monotonic() > begun + PATIENCE:
                    raise
                if not warned and time.monotonic() > begun + NOTABLE:
                    logger.warning("the database is locked by another process; waiting for it")
                    warned = True
                await asyncio.sleep(random.uniform(0.001, 0.005))  # noqa: S311  (jitter, not a secret)

    async def lost(self) -> DatabaseLost:
        """Wait until this process must not go on with the database; why."""
        await self._lost.wait()
        assert self.fault is not None, "set before"
        return self.fault

    async def _proved(self, transaction: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self.fault is not None:
            raise self.fault
        try:
            if self._file is not None:
                self._file.check()
            return await _to_its_end(transaction())
        except DatabaseLost as fault:
            self._lose(fault)
            raise
        except DBAPIError as error:
            if not is_damaged(error):
                raise
            why = await self._why_damaged()
            self._lose(why)
            raise why from error

    async def _why_damaged(self) -> DatabaseLost:
        """Pages that don't belong together may be those of a file that was copied over this one a moment ago."""
        try:
            if self._file is not None:
                self._file.check()
                await asyncio.sleep(STEADY)  # what was copied is told from what is being written by its staying so
                self._file.check()
        except DatabaseLost as fault:
            return fault
        return DatabaseDamaged()

    def _lose(self, fault: DatabaseLost) -> None:
        if self.fault is None:
            self.fault = fault
            self._lost.set()

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()
        if self._glances is not None:
            self._glances.dispose()


async def _to_its_end(transaction: Coroutine[Any, Any, T]) -> T:
    """Run a transaction that a cancel does not break off: the cancel counts as soon as it is over.

    aiosqlite's thread and SQLAlchemy's pool can be left waiting for each other for ever when a task is cancelled
    twice within one.
    """
    task = asyncio.ensure_future(transaction)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        if not task.cancelled():
            task.exception()  # seen: nobody is left to be told
        raise asyncio.CancelledError
    return task.result()


def sqlite_path(url: str) -> Path | None:
    """The database file of a SQLite URL, None for another kind of database.

    Raises:
        ConfigurationError: an in-memory database, which no second process could see.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigurationError("BOSS_BOT_DATABASE_URL must name a file: three processes share it.")
    return Path(parsed.database)


def _open_engine(url: str) -> AsyncEngine:
    path = sqlite_path(url)
    if path is None:
        return create_async_engine(url, pool_pre_ping=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, **SQLITE)
    _prepared(engine.sync_engine)
    return engine


def _prepared(engine: Engine) -> Engine:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


async def _one_row(connection: AsyncConnection, statement: Select[*Columns]) -> Row[*Columns]:
    return (await connection.execute(statement)).one()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged request survives a loss of power
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA journal_size_limit = {WAL_KEPT}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that turns into a write fails at once when another writer is there, whatever the timeout.
    read_only = connection.get_execution_options().get("boss_bot_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
