"""Tells when the contents of a database file were overwritten under its log: `cp backup.db boss-bot.db` on a live one.

The file stays the same one, and SQLite reads what is in its log over whatever lies in it now: a mixture, that no query
shows. But of the row in `database_identity` the file itself holds the state of the last checkpoint, and that number
only grows. It is read past the log, and only when the file was written since the last look: a few times an hour.
"""

import contextlib
import os
import sqlite3
import time
from pathlib import Path

STEADY = 0.5  # seconds without a write; a checkpoint after VACUUM writes the whole file, and shows anything meanwhile


class MainFile:
    """The file without its log, as one process saw it last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked_at: tuple[int, int] | None = None
        self._seen: tuple[str, int] | None = None
        self._suspected: tuple[tuple[int, int], float] | None = None  # a state of the file, and when it was seen first

    def went_back(self, found: os.stat_result, *, certain: bool = False) -> bool:
        """Whether something older, or something else, was written over it, and stays.

        Args:
            found: what the system says of the file now.
            certain: whether it need not be seen to stay, because another process saw that already.
        """
        written = found.st_mtime_ns, found.st_size
        if written == self._looked_at:
            return False
        try:
            now = self._read()
        except (sqlite3.DatabaseError, ValueError, TypeError):  # half written; the next transaction looks again
            return False
        if not self._is_older(now):
            self._seen, self._looked_at, self._suspected = now, written, None
            return False
        if self._suspected is None or self._suspected[0] != written:
            self._suspected = written, time.monotonic()
        return certain or time.monotonic() - self._suspected[1] >= STEADY

    def _is_older(self, now: tuple[str, int] | None) -> bool:
        return self._seen is not None and (now is None or now[0] != self._seen[0] or now[1] < self._seen[1])

    def _read(self) -> tuple[str, int] | None:
        """Name and number of heartbeats; None: they are not there yet.

        Through SQLite: for a process to open and close a file by itself gives up all locks that it has on it.
        """
        address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            try:
                row = connection.execute("SELECT name, beats FROM database_identity").fetchone()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return None
                raise
        return None if row is None else (str(row[0]), int(row[1]))


def disown_log(log: Path, index: Path) -> Path | None:
    """Keep the log from being written over what lies in its database's file now; where a copy is, None: it is gone.

    Processes that still have it open would do that as they close it: they find it empty, and can't.
    """
    void = log.with_name(f"{log.name}.void")
    index.unlink(missing_ok=True)
    try:
        log.rename(void)
    except FileNotFoundError:  # another process was faster
        return None
    aside = log.with_name(f"{log.name}.of-{void.stat().st_ino}")
    aside.write_bytes(void.read_bytes())
    os.truncate(void, 0)
    void.unlink()
    return aside
