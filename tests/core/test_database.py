"""Opening databases, and locks that others hold."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from core import database as module
from core.database import Database, sqlite_path
from core.errors import ConfigurationError
from core.paths import program_file
from core.queries import Queries
from core.tables import downloads
from tests.core import given


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="BOSS_BOT_DATABASE_URL must name a file"):
        Database(url)


def test_only_a_sqlite_url_has_a_path() -> None:
    assert sqlite_path("sqlite+aiosqlite:///data/a.db") == Path("data/a.db")
    assert sqlite_path("sqlite+aiosqlite:////var/a.db") == Path("/var/a.db")
    assert sqlite_path("postgresql+asyncpg://me:pass@host/a") is None


async def test_sqlite_is_opened_for_many_processes(sqlite_file: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    found = {}
    for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
        found[pragma] = await database.read(
            lambda connection, pragma=pragma: connection.exec_driver_sql(f"PRAGMA {pragma}")  # type: ignore[misc]  # bound
        )
    assert {name: row.scalar_one() for name, row in found.items()} == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 250,
    }
    await database.close()


async def test_a_writer_waits_for_a_lock_and_readers_do_not(sqlite_file: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    shell = sqlite3.connect(sqlite_file, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(given.row(database))
    await asyncio.sleep(0.6)  # longer than the driver's own timeout
    assert not writing.done()
    assert await Queries(database).counts() == {}
    rows = select(func.count()).select_from(downloads)
    assert tuple(await database.look(rows)) == (0,)
    shell.execute("COMMIT")
    assert await asyncio.wait_for(writing, 5) == 1
    assert tuple(await database.look(rows)) == (1,)
    shell.close()
    await database.close()


async def test_patience_has_an_end(sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    shell = sqlite3.connect(sqlite_file, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        await given.row(database)
    shell.close()
    await database.close()


@pytest.mark.postgresql
async def test_a_row_that_a_shell_holds_does_not_keep_others_from_writing(postgresql_url: str) -> None:
    import asyncpg  # only where PostgreSQL is tested

    database = Database(postgresql_url)
    await given.row(database)
    held = await given.claimed(given.runner(database))
    shell = await asyncpg.connect(make_url(postgresql_url).set(drivername="postgresql").render_as_string(False))
    hand = shell.transaction()
    await hand.start()
    await shell.execute("UPDATE downloads SET paused = 1 WHERE id = $1", held.id)
    writing = asyncio.create_task(given.runner(database).write(held, activity="looking"))
    await asyncio.sleep(0.2)  # it has the lock of all writers, and waits for the row
    assert await asyncio.wait_for(given.row(database), 10)
    assert not writing.done()
    await hand.commit()
    assert await asyncio.wait_for(writing, 10)
    await shell.close()
    await database.close()


async def test_ten_writers_at_once_lose_nothing(sqlite_file: Path) -> None:
    databases = [Database(f"sqlite+aiosqlite:///{sqlite_file}") for _ in range(5)]
    ids = await asyncio.gather(*(given.row(database) for database in databases for _ in range(10)))
    assert sorted(ids) == list(range(1, 51))
    for database in databases:
        await database.close()


def test_the_files_of_the_program_are_found_in_a_checkout_and_when_installed() -> None:
    assert (program_file("migrations") / "env.py").exists()
    assert program_file("nothing").parts[-3:] == ("share", "boss-bot", "nothing")
