"""What keeps a SQLite database whole: its log is cut, its copy made before a migration, its damage found at a start."""

import asyncio
import contextlib
import sqlite3
import time
from pathlib import Path

import pytest
from alembic import command

from core import migrate
from core.database import Database
from core.errors import ConfigurationError, DatabaseDamaged, DatabaseReplaced
from core.maintenance import refuse_damage
from core.migrating import config_for
from core.wal import MIB, cut_log
from pooler.lifecycle import BEGIN_ANEW, after_loss
from tests.core import given
from tests.support.small_disk import fill, small_disk


def of(path: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{path}")


async def test_a_long_reader_makes_the_log_large_and_the_chore_cuts_it(sqlite_file: Path) -> None:
    log = Path(f"{sqlite_file}-wal")
    database = of(sqlite_file)
    with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM downloads").fetchone()
        for _ in range(20):
            await given.row(database, title="x" * MIB)
        assert log.stat().st_size > 20 * MIB
        began = time.monotonic()
        told = await asyncio.to_thread(cut_log, sqlite_file)
        assert "stay until those who read" in told
        assert time.monotonic() - began < 5, "writers are not held up for the reader"
        await given.row(database)
    assert "were written back" in await asyncio.to_thread(cut_log, sqlite_file)
    assert log.stat().st_size == 0
    await database.close()


async def test_a_log_that_a_reader_left_large_shrinks_by_itself(sqlite_file: Path) -> None:
    log = Path(f"{sqlite_file}-wal")
    database = of(sqlite_file)
    with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM downloads").fetchone()
        for _ in range(70):
            await given.row(database, title="x" * MIB)
        assert log.stat().st_size > 64 * MIB
    for _ in range(3):  # the next writers write it back, begin it anew, and cut it
        await given.row(database)
    assert log.stat().st_size < 64 * MIB
    await database.close()


@pytest.mark.parametrize("another", [False, True])
async def test_the_log_of_a_file_that_was_moved_away_is_kept(sqlite_file: Path, another: bool) -> None:
    log, moved = Path(f"{sqlite_file}-wal"), sqlite_file.with_name("moved.db")
    database = of(sqlite_file)
    await given.row(database, title="in the log alone")
    await given.row(database)  # its look at the file sees the log
    sqlite_file.rename(moved)
    if another:
        sqlite_file.write_bytes(b"another one")
    with pytest.raises(DatabaseReplaced) as lost:
        await given.row(database)
    if another:
        (aside,) = sqlite_file.parent.glob("*-wal.of-*")
        aside.rename(moved.with_name("moved.db-wal"))
        assert not log.exists(), "it would damage the other file"
        assert not Path(f"{sqlite_file}-shm").exists()
    else:
        assert log.exists()
        moved.rename(sqlite_file)
        assert await after_loss(lost.value, str(database.url)) == BEGIN_ANEW
        assert log.exists()
    await database.close()
    with contextlib.closing(sqlite3.connect(moved if another else sqlite_file)) as shell:
        assert shell.execute("SELECT title FROM downloads").fetchall() == [("in the log alone",), (None,)]


async def test_who_waited_for_the_file_puts_its_log_aside_for_another_one(sqlite_file: Path) -> None:
    database = of(sqlite_file)
    for _ in range(2):
        await given.row(database)
    sqlite_file.unlink()
    with pytest.raises(DatabaseReplaced) as lost:
        await given.row(database)
    sqlite_file.write_bytes(b"another one")
    assert await after_loss(lost.value, str(database.url)) == BEGIN_ANEW
    assert not Path(f"{sqlite_file}-wal").exists()
    assert [*sqlite_file.parent.glob("*-wal.of-*")]
    await database.close()


def _made_older(path: Path) -> None:
    """As the first version left it."""
    with contextlib.closing(sqlite3.connect(path)) as shell, shell:
        shell.execute("INSERT INTO downloads (url) VALUES ('http://site.test/old')")


async def _at_first_revision(path: Path) -> None:
    database = of(path)
    await database.write(lambda connection: connection.run_sync(lambda sync: command.upgrade(config_for(sync), "0001")))
    await database.close()
    _made_older(path)


async def test_an_older_database_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "boss-bot.db"
    await _at_first_revision(path)
    for number in range(4):  # of earlier migrations
        (tmp_path / f"boss-bot.db.before-000{number}").touch()
    database = of(path)
    await migrate.upgrade(database)
    assert await migrate.current_revision(database) == migrate.newest_revision()
    await database.close()
    copy = tmp_path / f"boss-bot.db.before-{migrate.newest_revision()}"
    with contextlib.closing(sqlite3.connect(copy)) as shell:
        assert shell.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert shell.execute("SELECT url FROM downloads").fetchall() == [("http://site.test/old",)]
    assert len([*tmp_path.glob("boss-bot.db.before-*")]) == migrate.COPIES_KEPT


async def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        path = disk / "boss-bot.db"
        await _at_first_revision(path)
        database = of(path)
        await migrate.current_revision(database)  # makes the log
        ballast = fill(disk, leave=64 * 1024)
        with pytest.raises(ConfigurationError, match="no room for a copy"):
            await migrate.upgrade(database)
        ballast.unlink()
        assert await migrate.current_revision(database) == "0001"
        assert not [*disk.glob("*.before-*")]
        await database.close()


async def test_a_start_finds_damage(sqlite_file: Path, tmp_path: Path) -> None:
    sound, missing = of(sqlite_file), of(tmp_path / "not" / "there.db")
    await refuse_damage(sound)
    await refuse_damage(missing)
    with contextlib.closing(sqlite3.connect(sqlite_file)) as shell:
        shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = shell.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
        (size,) = shell.execute("PRAGMA page_size").fetchone()
    with sqlite_file.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with pytest.raises(DatabaseDamaged, match="bossbotctl db restore"):
        await refuse_damage(sound)
    sqlite_file.write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseDamaged):
        await refuse_damage(sound)
    for database in (sound, missing):
        await database.close()
