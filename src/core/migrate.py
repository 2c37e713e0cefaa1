"""Brings a database to the schema of this version, at the start of every process, one at a time.

Alembic is loaded only when there is something to do: it takes a tenth of the start.
"""

import asyncio
import fcntl
import sqlite3
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from core.database import Database, sqlite_path
from core.errors import ConfigurationError
from core.paths import program_file
from core.sqlite_copies import copy_database

COPIES_KEPT = 3  # of the database as it was before a migration
NEWER = (
    "The database was made by a newer version of Boss-Bot. Update the program, or restore a backup with "
    "`bossbotctl db restore`."
)


def newest_revision() -> str:
    """The revision that this version of the program needs."""
    known = _revisions()
    if not known:
        raise ConfigurationError("The program's folder `migrations` is missing. Install it again.")
    return max(known)


def knows_revision(revision: str) -> bool:
    """Whether this version of the program can migrate a database of that revision."""
    return revision in _revisions()


def _revisions() -> list[str]:
    """The numbers that the names of migrations begin with: `0012_fetched.py`."""
    return [path.name.partition("_")[0] for path in program_file("migrations").glob("versions/*_*.py")]


def run_sql(connection: Connection, migration: str) -> None:
    """Run the statements beside a migration that are written in the words of this database."""
    script = Path(migration).with_suffix(f".{connection.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n"):
        connection.exec_driver_sql(statement)


async def current_revision(database: Database) -> str | None:
    """The revision that the database has, None for an empty one."""

    def read(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()

    return await database.read(lambda connection: connection.run_sync(read))


async def upgrade(database: Database) -> None:
    """Migrate to the newest revision; waits while another process does it. A SQLite file is copied before.

    Raises:
        ConfigurationError: the database was made by a newer version of the program, or can't be copied.
    """
    current = await current_revision(database)
    if current == newest_revision():
        return
    if current is not None and not knows_revision(current):
        raise ConfigurationError(NEWER)
    from core.migrating import migrate  # here for the sake of the start, see above

    path = sqlite_path(str(database.url))
    if path is None:
        await database.write(migrate)
        return
    with path.with_name(path.name + ".migrate.lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if await current_revision(database) not in (None, newest_revision()):
            await asyncio.to_thread(_keep_a_copy, path)
        await database.write(migrate)


def _keep_a_copy(path: Path) -> None:
    """Copy the file as it is before its migration, and remove all but the newest such copies."""
    try:
        copy_database(path, path.with_name(f"{path.name}.before-{newest_revision()}"))
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(f"{path} can't be copied, as is done before each migration: {error}.") from error
    copies = sorted(path.parent.glob(f"{path.name}.before-*"), key=lambda copy: copy.stat().st_mtime, reverse=True)
    for old in copies[COPIES_KEPT:]:
        old.unlink(missing_ok=True)
