"""What stands in a database file itself, without its log, tells when another was copied over it."""

import asyncio
import contextlib
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.database import Database
from core.errors import DatabaseReplaced
from core.main_file import STEADY, MainFile
from core.sqlite_copies import copy_database
from tests.core import given


@contextlib.contextmanager
def beating(path: Path) -> Iterator[sqlite3.Connection]:
    """A process that works with the database; its first heartbeats are in the file."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE database_identity SET name = 'this one', beats = 7")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield connection


def beat(connection: sqlite3.Connection, *, to_the_file: bool) -> None:
    connection.execute("UPDATE database_identity SET beats = beats + 1")
    if to_the_file:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_heartbeats_and_checkpoints_are_no_reason_to_stop(sqlite_file: Path) -> None:
    with beating(sqlite_file) as connection:
        file = MainFile(sqlite_file)
        for to_the_file in (False, True, False, True):
            assert not file.went_back(sqlite_file.stat())
            beat(connection, to_the_file=to_the_file)
        connection.execute("VACUUM")
        assert not file.went_back(sqlite_file.stat())


def test_a_copy_of_ours_is_always_told_from_its_original(sqlite_file: Path, tmp_path: Path) -> None:
    with beating(sqlite_file):
        file = MainFile(sqlite_file)
        assert not file.went_back(sqlite_file.stat())
        copy_database(sqlite_file, tmp_path / "backup.db")
        shutil.copyfile(tmp_path / "backup.db", sqlite_file)
        assert stays_back(file, sqlite_file)


@pytest.mark.parametrize("name", ["this one", "another"])
def test_a_copy_of_somebody_elses_is_older_or_of_another(sqlite_file: Path, tmp_path: Path, name: str) -> None:
    with beating(sqlite_file) as connection:
        file, backup = MainFile(sqlite_file), tmp_path / "backup.db"
        connection.execute("VACUUM INTO ?", (str(backup),))
        with contextlib.closing(sqlite3.connect(backup)) as copy, copy:
            copy.execute("UPDATE database_identity SET name = ?, beats = beats + ?", (name, 9 * (name == "another")))
        beat(connection, to_the_file=True)
        assert not file.went_back(sqlite_file.stat())
        shutil.copyfile(backup, sqlite_file)
        assert stays_back(file, sqlite_file)


def test_what_shows_for_a_moment_while_the_file_is_written_is_no_reason_to_stop(
    sqlite_file: Path, tmp_path: Path
) -> None:
    """As after VACUUM, when all pages come out of the log one by one."""
    with beating(sqlite_file) as connection:
        file, older = MainFile(sqlite_file), tmp_path / "older.db"
        shutil.copyfile(sqlite_file, older)
        beat(connection, to_the_file=True)
        whole = sqlite_file.read_bytes()
        assert not file.went_back(sqlite_file.stat())
        for shown in (older.read_bytes(), whole[:4096] + bytes(len(whole) - 4096), whole):
            sqlite_file.write_bytes(shown)
            assert not file.went_back(sqlite_file.stat())
        assert not stays_back(file, sqlite_file)


def stays_back(file: MainFile, path: Path) -> bool:
    """What it says once nobody has written for long enough."""
    assert not file.went_back(path.stat()), "it may be a moment of a checkpoint"
    time.sleep(STEADY)
    return file.went_back(path.stat())


async def write_on(database: Database) -> None:
    """As a process that works, for as long as it may."""
    while True:
        await given.row(database)
        await asyncio.sleep(STEADY / 5)


async def test_nothing_of_the_log_gets_into_what_was_copied(sqlite_file: Path, tmp_path: Path) -> None:
    backup, url = tmp_path / "backup.db", f"sqlite+aiosqlite:///{sqlite_file}"
    with beating(sqlite_file):
        pass
    databases = [Database(url), Database(url)]
    copy_database(sqlite_file, backup)
    for database in databases:
        await given.row(database, title="in the log alone")
    shutil.copyfile(backup, sqlite_file)
    for database in databases:
        with pytest.raises(DatabaseReplaced):
            await write_on(database)
    for database in databases:
        await database.close()
    assert sqlite_file.read_bytes() == backup.read_bytes()
    assert [*sqlite_file.parent.glob("*-wal*")] == [*sqlite_file.parent.glob("*-wal.of-*")] != []
