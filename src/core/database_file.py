"""Which file a database was opened from: another one in its place belongs to somebody else's work."""

from pathlib import Path

from core.errors import DatabaseReplaced


class DatabaseFile:
    """The file of one `Database`. A look costs a few microseconds, so every transaction begins with one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._opened: tuple[int, int] | None = None
        self._opened_log: tuple[int, int] | None = None

    def check(self) -> None:
        """See that the file which was opened is still the one of this name.

        Raises:
            DatabaseReplaced: it is another one, or gone. SQLite would go on with the old one, which nobody else sees.
        """
        now = _identity(self._path)
        if self._opened is None:
            self._opened = now  # None: it is about to be made
        elif self._opened != now:
            self._drop_log()
            raise DatabaseReplaced
        self._opened_log = _identity(self._log)

    def _drop_log(self) -> None:
        """Remove the old file's log: SQLite would write its pages into the new file and damage it."""
        if self._opened_log is not None and _identity(self._log) == self._opened_log:
            for path in (self._log, self._path.with_name(f"{self._path.name}-shm")):
                path.unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
