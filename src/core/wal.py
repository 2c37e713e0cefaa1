"""SQLite's log (WAL): a long reader lets it grow, and it stays large until it is written back and cut."""

import contextlib
import sqlite3
from pathlib import Path

MIB = 1024 * 1024
PATIENCE = 0.25  # seconds that readers are waited for; writers wait as long


def cut_log(database: Path) -> str:
    """Write the log into the database and cut it; what came of it, in a few words."""
    log = Path(f"{database}-wal")
    before = _size(log)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=PATIENCE)) as connection:
        busy, _pages, _written = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        return f"{_size(log) / MIB:.1f} MiB stay until those who read the database now have ended"
    return f"{before / MIB:.1f} MiB were written back"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
