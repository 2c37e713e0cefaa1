"""Copies of a SQLite database: consistent while it is in use, whole or not there, and checked before they count."""

import contextlib
import os
import sqlite3
from pathlib import Path

from core.database_faults import is_full
from core.errors import ConfigurationError

PART = ".part"  # behind the name of a copy that is not finished


def copy_database(source: Path, to: Path) -> int:
    """Copy a database that may be in use; replaces `to`. The bytes of the copy.

    Raises:
        ConfigurationError: there is no room, or what came out is not sound.
        sqlite3.Error: the database can't be read.
        OSError: the copy can't be written.
    """
    part = to.with_name(to.name + PART)
    part.unlink(missing_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.isolation_level = None  # VACUUM can't run in a transaction
            connection.execute("VACUUM INTO ?", (str(part),))
        _begin_count(part)
        part.chmod(source.stat().st_mode & 0o777)
        if faults := faults_of(part):
            raise ConfigurationError(f"The copy of {source} is not sound: {faults[0]}.")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(to)
    except sqlite3.Error as error:
        if is_full(error):
            raise ConfigurationError(f"There is no room for a copy of {source} in {to.parent}.") from error
        raise
    finally:
        part.unlink(missing_ok=True)
    return to.stat().st_size


def _begin_count(copy: Path) -> None:
    """Heartbeats are counted anew: who still works on the original notices when the copy lies in its place."""
    with contextlib.closing(sqlite3.connect(copy)) as connection, connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'database_identity'").fetchone():
            connection.execute("UPDATE database_identity SET beats = 0")


def faults_of(path: Path) -> list[str]:
    """What is wrong with a database file that nobody uses; a few of the faults, if there are many."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = [line for (line,) in connection.execute("PRAGMA integrity_check(5)")]
    except sqlite3.Error as error:
        return [str(error)]
    return [line for line in found if line != "ok"]
