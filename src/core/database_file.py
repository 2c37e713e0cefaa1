"""Which file a database was opened from: another one in its place belongs to somebody else's work."""

import os
from contextlib import suppress
from pathlib import Path

from loguru import logger

from core.errors import DatabaseReplaced
from core.main_file import MainFile, disown_log


class DatabaseFile:
    """The file of one `Database`. A look costs a few microseconds, so every transaction begins with one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._contents = MainFile(path)
        self._log, self._index = (Path(f"{path}{end}") for end in ("-wal", "-shm"))
        self._opened: tuple[int, int] | None = None
        self._opened_log: tuple[int, int] | None = None
        self._opened_index: tuple[int, int] | None = None

    def check(self) -> None:
        """See that the file which was opened is still the one of this name, and nobody wrote into it past SQLite.

        Raises:
            DatabaseReplaced: it is another one, or gone, or holds what it held long ago. SQLite would go on with the
                old one, which nobody else sees. Where it is gone its log stays: it may be put back, and what is in
                the log alone was promised.
        """
        found = _found(self._path)
        now = (found.st_dev, found.st_ino) if found is not None else None
        if self._opened is None:
            self._opened = now  # None: it is about to be made
        elif self._opened != now:
            if now is not None:
                self.put_log_aside()
            lost = DatabaseReplaced()
            lost.put_log_aside = self.put_log_aside  # it may still be another file that is put there
            raise lost
        # Nobody takes a log away that is open here, but who found this out before.
        disowned = self._opened_log is not None and _identity(self._log) != self._opened_log
        if found is not None and self._contents.went_back(found, certain=disowned):
            if aside := disown_log(self._log, self._index):
                logger.error("a file was copied over {} while it was in use; its log is {} now", self._path, aside)
            raise DatabaseReplaced
        self._opened_log, self._opened_index = _identity(self._log), _identity(self._index)

    def put_log_aside(self) -> None:
        """Rename the log of the file that was opened, unless that file stands here.

        SQLite would write its pages into another file, and throw it away where a new one is made.
        """
        if self._opened is None or _identity(self._path) == self._opened:
            return
        with suppress(FileNotFoundError):  # another process was faster
            if self._opened_index is not None and _identity(self._index) == self._opened_index:
                self._index.unlink()  # SQLite makes it of the log
            if self._opened_log is not None and _identity(self._log) == self._opened_log:
                aside = self._log.with_name(f"{self._log.name}.of-{self._opened_log[1]}")
                self._log.rename(aside)
                logger.warning("the log of the database that was here lies in {} now", aside)


def _identity(path: Path) -> tuple[int, int] | None:
    found = _found(path)
    return (found.st_dev, found.st_ino) if found is not None else None


def _found(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
