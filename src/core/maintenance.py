"""Looking after a database: its health, its backup, and what its faults mean to a person."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loguru import logger
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database, sqlite_path
from core.database_faults import is_damaged
from core.errors import ConfigurationError, DatabaseDamaged, RequestRefused
from core.migrate import current_revision, newest_revision
from core.sqlite_copies import copy_database

QUICK = 5.0  # seconds that a start may look for damage
MAX_FAULTS = 20  # of each kind; more do not help anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a look at a database found. Both lists are empty when all is well."""

    integrity: tuple[str, ...]  # what `PRAGMA integrity_check` complains of
    foreign_keys: tuple[str, ...]  # rows that refer to rows that are not there
    revision: str | None  # the schema that it has, None for an empty database
    newest_revision: str  # the schema that this version needs

    @property
    def is_sound(self) -> bool:
        """Whether the database can be used as it is."""
        return not self.integrity and not self.foreign_keys and self.revision == self.newest_revision


def probe(database: Database) -> None:
    """Open a SQLite file and read its first page; raises whatever SQLite says.

    To be done first: aiosqlite's thread outlives a connection that failed, and prints a traceback of its own when the
    event loop ends before it.
    """
    path = sqlite_path(str(database.url))
    if path is not None:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA schema_version")


async def check_health(database: Database) -> Health:
    """Look at the whole database; takes seconds for a large one. PostgreSQL looks after its own integrity."""

    async def work(connection: AsyncConnection) -> tuple[list[str], list[str]]:
        integrity = (await connection.execute(text(f"PRAGMA integrity_check({MAX_FAULTS})"))).scalars().all()
        orphans = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
        # Files of a row that was deleted by hand are no damage: a runner removes them.
        damage = [row for row in orphans if row[0] != "media_files"]
        found = [f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there" for row in damage]
        return [line for line in integrity if line != "ok"], found[:MAX_FAULTS]

    integrity, foreign_keys = await database.read(work) if database.is_sqlite else ([], [])
    return Health(
        integrity=tuple(integrity),
        foreign_keys=tuple(foreign_keys),
        revision=await current_revision(database),
        newest_revision=newest_revision(),
    )


async def back_up(database: Database, to: Path) -> int:
    """Write a consistent copy of a SQLite database while it is in use; the bytes of the copy.

    Raises:
        RequestRefused: `to` exists, its directory does not, or the database is not SQLite.
    """
    source = sqlite_path(str(database.url))
    if source is None:
        raise RequestRefused(f"PostgreSQL has its own tool for backups: pg_dump --format=custom --file={to} ...")
    if to.exists() or to.is_symlink():
        raise RequestRefused(f"{to} exists already and is not overwritten. Name another file.")
    if not to.parent.is_dir():
        raise RequestRefused(f"There is no directory {to.parent}. Make it first, or name another file.")
    return await asyncio.to_thread(copy_database, source, to)


async def refuse_damage(database: Database) -> None:
    """Look for damage at the start of a process: 0.3 s for a database of 100 MB, `QUICK` seconds at most.

    Raises:
        DatabaseDamaged: there is some.
    """
    path = sqlite_path(str(database.url))
    if path is not None and path.exists():
        await asyncio.to_thread(_check_quickly, path)


def _check_quickly(path: Path) -> None:
    until = time.monotonic() + QUICK
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=QUICK)) as connection:
            connection.set_progress_handler(lambda: int(time.monotonic() > until), 100_000)
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if is_damaged(error):
            raise DatabaseDamaged from error
        logger.info("the database was not looked at for damage: {}", error)  # too large, or locked
        return
    if found != "ok":
        logger.error("damage in {}: {}", path, found)
        raise DatabaseDamaged


@contextlib.contextmanager
def faults_explained(url: str) -> Iterator[None]:
    """Turn the errors of the database at `url` into a `ConfigurationError` with a sentence for the admin."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise ConfigurationError(_sentence(url, error)) from error
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise ConfigurationError(
            "PostgreSQL needs the package asyncpg. Install it with `pip install 'boss-bot[postgresql]'`."
        ) from error


def shown_url(url: str) -> str:
    """The file of a SQLite URL, or the URL without its password."""
    parsed = make_url(url)
    return str(parsed.database) if parsed.get_backend_name() == "sqlite" else str(parsed)


_MEANINGS = (
    ("locked", "is locked by another process. End its transaction (a database shell left open?) and try again"),
    ("unable to open", "can't be opened. Check that its directory exists and that this user may write there"),
    ("readonly", "is read-only for this user. Check the permissions of the file and of its directory"),
    ("not a database", "is not a SQLite database. Check BOSS_BOT_DATABASE_URL, or use `bossbotctl db restore`"),
    ("malformed", "is damaged. Stop all processes and put a backup back with `bossbotctl db restore`"),
    ("full", "can't grow: its disk is full. Make room and try again"),
)


def _sentence(url: str, error: SQLAlchemyError | sqlite3.Error) -> str:
    if isinstance(error, ArgumentError | NoSuchModuleError):
        return (
            "BOSS_BOT_DATABASE_URL is not valid. It looks like sqlite+aiosqlite:///data/boss-bot.db or "
            "postgresql+asyncpg://user:password@host/name."
        )
    cause = str(error.orig if isinstance(error, DBAPIError) else error)
    for sign, meaning in _MEANINGS:
        if sign in cause:
            return f"The database {shown_url(url)} {meaning}."
    return f"The database {shown_url(url)} can't be used: {cause}. `bossbotctl doctor` looks closer."
