"""Puts a backup in the place of a SQLite database that nobody uses."""

import contextlib
import json
import secrets
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.alive import held_locks
from core.errors import ConfigurationError
from core.migrate import knows_revision
from core.sqlite_copies import copy_database, faults_of

BESIDE = ("-wal", "-shm")  # what SQLite keeps beside a database in use
UNFINISHED = "status NOT IN ('uploaded', 'failed', 'cancelled') AND NOT (status = 'downloaded' AND upload = 0)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done."""

    kept: Path | None  # the database that was there before
    revision: str  # of the backup; the next start migrates an older one
    unfinished: int  # downloads that go on, also those that were delivered after the backup


def restore(backup: Path, to: Path, *, lock_dir: Path, pause: bool = False) -> Restored:
    """Replace the database `to`, which is kept beside it, by a copy of `backup`.

    Args:
        backup: a SQLite file; it is only read.
        to: need not exist.
        lock_dir: where processes prove that they live.
        pause: have all unfinished downloads wait until somebody resumes them.

    Raises:
        ConfigurationError: a process works with the database, or the backup is none of ours, damaged or too new.
            Nothing was changed.
        OSError: no room, or no right to write there.
    """
    if living := held_locks(lock_dir):
        raise ConfigurationError(f"These processes work with the database: {', '.join(living)}. Stop them all first.")
    revision = _revision_of(backup)
    fresh = to.with_name(f"{to.name}.restoring")
    try:
        copy_database(backup, fresh)
        unfinished = _made_ours(fresh, pause=pause)
        _end_logins_and_links(fresh, to)
        kept = _put_aside(to) if to.exists() else None
        fresh.replace(to)
    finally:
        fresh.unlink(missing_ok=True)
    return Restored(kept=kept, revision=revision, unfinished=unfinished)


def _revision_of(backup: Path) -> str:
    if not backup.is_file():
        raise ConfigurationError(f"There is no file {backup}.")
    if faults := faults_of(backup):
        raise ConfigurationError(f"{backup} is damaged and was not put back: {faults[0]}.")
    try:
        with contextlib.closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            connection.execute("SELECT count(*) FROM downloads")
    except sqlite3.Error as error:
        raise ConfigurationError(f"{backup} is no database of Boss-Bot: {error}.") from error
    if row is None or not knows_revision(row[0]):
        raise ConfigurationError(f"{backup} was made by a newer version of Boss-Bot. Update the program first.")
    return str(row[0])


def _made_ours(path: Path, *, pause: bool) -> int:
    """No process of then lives, and heartbeats are counted anew: whoever still has the old file notices."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM runners")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'database_identity'").fetchone():
            connection.execute("UPDATE database_identity SET name = ?, beats = 0", (secrets.token_hex(16),))
        if pause:
            connection.execute(f"UPDATE downloads SET paused = 1 WHERE {UNFINISHED}")  # noqa: S608  (a constant)
        (unfinished,) = connection.execute(f"SELECT count(*) FROM downloads WHERE {UNFINISHED}").fetchone()  # noqa: S608
    return int(unfinished)


def _end_logins_and_links(path: Path, replaced: Path) -> None:
    """Who was logged out stays so; links that were revoked since the backup stay so, or all where that is unknown."""
    with contextlib.closing(sqlite3.connect(path, uri=True)) as connection, connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "web_sessions" in tables:
            connection.execute("DELETE FROM web_sessions")
        if "links" in tables:
            connection.execute(
                "UPDATE links SET revoked = 1 WHERE token_hash NOT IN (SELECT value FROM json_each(?))",
                (json.dumps(_links_that_work(replaced)),),
            )


def _links_that_work(path: Path) -> list[str]:
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return [token for (token,) in connection.execute("SELECT token_hash FROM links WHERE revoked = 0")]
    except sqlite3.Error:  # it is not there, damaged, or older than links
        return []


def _put_aside(path: Path) -> Path:
    """Rename the database with its log, which may hold what is not in the file yet."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=1)) as connection:
            # Needs to be alone with it, and writes the log into the file.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise ConfigurationError(f"Another program has {path} open (a database shell?). Close it first.") from error
    except sqlite3.DatabaseError:
        pass  # damaged, which may be why it is replaced
    kept = path.with_name(f"{path.name}.replaced-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    for end in BESIDE:
        if (beside := path.with_name(path.name + end)).exists():
            shutil.move(beside, kept.with_name(kept.name + end))
    path.rename(kept)
    return kept
