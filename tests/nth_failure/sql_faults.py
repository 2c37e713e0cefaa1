"""The n-th statement fails where it would reach SQLite: below SQLAlchemy, aiosqlite and everything of ours."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from tests.nth_failure.places import place, remember_places
from tests.nth_failure.striking import Striking

ERRORS = {
    "locked": "database is locked",
    "full": "database or disk is full",
    "io": "disk I/O error",
    "lost": "disk I/O error",
}
T = TypeVar("T")
UNCOUNTED = ("PRAGMA DATA_VERSION",)  # asked all the time, and by nobody who could lose anything


def fail_statements(striking: Striking) -> None:
    """Let every connection that is opened from now on count and fail."""
    remember_places()

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, parameters: Any = ()) -> "Cursor":
            self._note(sql)
            return _around(striking, sql, lambda: super(Cursor, self).execute(sql, parameters))

        def executemany(self, sql: str, parameters: Any) -> "Cursor":
            self._note(sql)
            return _around(striking, sql, lambda: super(Cursor, self).executemany(sql, parameters))

        def _note(self, sql: str) -> None:
            if isinstance(self.connection, Connection) and not sql.startswith("BEGIN"):
                self.connection.last = sql

    class Connection(sqlite3.Connection):
        last = ""

        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def execute(self, sql: str, parameters: Any = ()) -> Any:
            return self.cursor().execute(sql, parameters)

        def commit(self) -> None:
            _around(striking, f"COMMIT after {self.last}", super().commit)

    real = sqlite3.connect

    def connect(*arguments: Any, **more: Any) -> sqlite3.Connection:
        return real(*arguments, factory=Connection, **more)

    sqlite3.connect = connect  # type: ignore[assignment]  # all that use it name it by its module


def _around(striking: Striking, statement: str, work: Callable[[], T]) -> T:
    if statement.upper().startswith(UNCOUNTED) or not striking.now(_told(statement)):
        return work()
    if striking.fault in ("lost", "kill-after"):
        work()
    if striking.fault == "kill-after":
        striking.kill()
    raise sqlite3.OperationalError(ERRORS[str(striking.fault)])


def _told(statement: str) -> str:
    where = place()
    return " ".join(statement.split()) + (f" @ {where}" if where else "")
