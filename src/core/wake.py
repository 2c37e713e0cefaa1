"""Waking up when something in the database changed, whoever changed it; polling is only the fallback."""

import asyncio
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from loguru import logger

from core.database import NOTIFY_CHANNEL, Database, sqlite_path
from core.file_hints import FileHints

if TYPE_CHECKING:
    import asyncpg

LOOK_INTERVAL = 0.03  # seconds; a look costs about 4 microseconds, but waking up for it ten times as much


class Wake(Protocol):
    """Tells when to look at the table again."""

    @property
    def hears_all(self) -> bool:
        """Whether nothing can have been committed when `wait` returns False."""
        ...

    async def wait(self, timeout: float) -> bool:
        """Return True as soon as anything was committed since the last call, False after `timeout` seconds."""
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...


class SqliteWake:
    """Watches `PRAGMA data_version`, which moves with every commit of another connection, in any process.

    Where the kernel tells of writes (`FileHints`), it looks only after one, else every `LOOK_INTERVAL`.
    """

    def __init__(self, path: str, *, hints: bool = True) -> None:
        # Not through the pool: the pragma is told apart by connection, and a thread would cost more than the look.
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        self._hints = FileHints.of(Path(path).parent) if hints else None
        self._seen = self._version()

    @property
    def hears_all(self) -> bool:
        """See `Wake`."""
        return True

    async def wait(self, timeout: float) -> bool:
        """See `Wake`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while (version := self._version()) == self._seen:
            left = deadline - loop.time()
            if left <= 0:
                return False
            if self._hints is None:
                await asyncio.sleep(min(LOOK_INTERVAL, left))
            else:
                await self._hints.wait(left)
        self._seen = version
        return True

    def _version(self) -> int:
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.DatabaseError:  # locked at this moment, or overwritten, which the next transaction finds out
            return self._seen
        return int(version)

    async def close(self) -> None:
        """See `Wake`."""
        if self._hints is not None:
            self._hints.close()
        self._connection.close()


class NotifyWake:
    """Listens for PostgreSQL's NOTIFY. A hand edit in psql sends none: the timeout finds it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._changed = asyncio.Event()

    @property
    def hears_all(self) -> bool:
        """See `Wake`."""
        return False

    async def wait(self, timeout: float) -> bool:
        """See `Wake`."""
        import asyncpg  # only installed where PostgreSQL is used

        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._dsn)
                await self._connection.add_listener(NOTIFY_CHANNEL, lambda *_: self._changed.set())
                self._changed.set()  # what was committed before it listened, nobody told it
        except (OSError, asyncpg.PostgresError) as error:
            logger.warning("not listening to the database: {}", error)
            await asyncio.sleep(timeout)
            return False
        try:
            async with asyncio.timeout(timeout):  # Python 3.11's wait_for swallows a cancel that comes with the event
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    async def close(self) -> None:
        """See `Wake`."""
        if self._connection is not None:
            await self._connection.close()


def open_wake(database: Database) -> Wake:
    """The way of waking that fits the database."""
    path = sqlite_path(str(database.url))
    if path is not None:
        return SqliteWake(str(path))
    url = database.url.set(drivername="postgresql")
    return NotifyWake(url.render_as_string(hide_password=False))
