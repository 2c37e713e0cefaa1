"""Writing a row that may be there already, in one statement."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def upsert(
    connection: AsyncConnection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any], **only_new: Any
) -> None:
    """Write `values` into the row of this key, or make it.

    Args:
        connection: within a transaction that writes.
        table: whose primary key consists of the names in `key`.
        key: which row.
        values: what is written; may refer to the row's own columns.
        only_new: what else a new row has, over `values`.
    """
    statement = _insert(connection)(table).values({**key, **values, **only_new})
    await connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def _insert(connection: AsyncConnection) -> Any:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # where it is used it is there; else it takes 25 ms of each start

        return postgresql.insert
    return sqlite.insert
