"""What is wrong when the database says no: told apart by what the driver wrote."""

import sqlite3

from loguru import logger
from sqlalchemy.exc import DBAPIError

DAMAGE = ("malformed", "not a database")  # SQLITE_CORRUPT, SQLITE_NOTADB
# PostgreSQL's SQLSTATEs
OF_A_FULL_DISK = ("53100",)  # disk_full
OF_A_LOCK = ("55P03", "40P01")  # lock_not_available, deadlock_detected


def is_locked(error: BaseException) -> bool:
    """Whether another connection holds a lock, so that the same may work a moment later."""
    return _sql_state(error) in OF_A_LOCK or "locked" in _said_by_sqlite(error)


def is_full(error: BaseException) -> bool:
    """Whether the disk of the database has no room."""
    return _sql_state(error) in OF_A_FULL_DISK or "is full" in _said_by_sqlite(error)


def is_damaged(error: BaseException) -> bool:
    """Whether SQLite found that the file's contents can't be right."""
    said = _said_by_sqlite(error)
    return any(sign in said for sign in DAMAGE)


def _sql_state(error: BaseException) -> str | None:
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None


def _said_by_sqlite(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause) if isinstance(cause, sqlite3.Error) else ""


class Complaints:
    """Tells the log of faults that come again every second: a full disk once, until it is over."""

    def __init__(self) -> None:
        self._full = False

    def about(self, error: BaseException, told: str) -> None:
        """Say it, with its traceback unless the disk is full."""
        if not is_full(error):
            logger.opt(exception=error).error(told)
        elif not self._full:
            self._full = True
            logger.error("the disk of the database is full: nothing is written down, and work waits, until it has room")

    def over(self) -> None:
        """Something was written."""
        if self._full:
            self._full = False
            logger.info("the database can be written again")
