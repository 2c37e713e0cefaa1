"""What is wrong when the database says no: told apart by what the driver wrote."""

import sqlite3

from loguru import logger
from sqlalchemy.exc import DBAPIError

DAMAGE = ("malformed", "not a database")  # SQLITE_CORRUPT, SQLITE_NOTADB
SQL_STATES_OF_A_FULL_DISK = ("53100",)  # PostgreSQL's disk_full


def is_locked(error: BaseException) -> bool:
    """Whether SQLite said that another connection holds the lock."""
    return "locked" in _said_by_sqlite(error)


def is_full(error: BaseException) -> bool:
    """Whether the disk of the database has no room."""
    if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in SQL_STATES_OF_A_FULL_DISK:
        return True
    return "is full" in _said_by_sqlite(error)


def is_damaged(error: BaseException) -> bool:
    """Whether SQLite found that the file's contents can't be right."""
    said = _said_by_sqlite(error)
    return any(sign in said for sign in DAMAGE)


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
