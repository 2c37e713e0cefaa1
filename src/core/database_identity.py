"""Tells a database from any other in its place, and from its own past: a backup that was put back under us.

The table `database_identity` has one row: a name that was drawn once, and how many heartbeats all processes wrote. The
number only grows, so who finds less than he saw before works on something that was put back.
"""

import secrets
from dataclasses import dataclass

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import DatabaseReplaced, DatabaseUpgraded
from core.tables import database_identity


@dataclass(frozen=True, slots=True)
class Beat:
    """What one heartbeat found; true once its transaction is committed."""

    name: str
    number: int
    revision: str | None


class Identity:
    """What one process knows of the database that it works on."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._beats = -1
        self._revision: str | None = None

    async def beat(self, connection: AsyncConnection) -> Beat:
        """Count a heartbeat within a transaction that writes; what it found, for `take_over`.

        Raises:
            DatabaseReplaced: this is another database, or an earlier state of the same.
            DatabaseUpgraded: another version of the program changed the schema.
        """
        revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
        if self._revision not in (None, revision):
            raise DatabaseUpgraded
        counted = update(database_identity).values(beats=database_identity.c.beats + 1)
        row = (await connection.execute(counted.returning(database_identity.c.name, database_identity.c.beats))).first()
        if row is None and self._name is None:
            await connection.execute(insert(database_identity).values(id=1, name=secrets.token_hex(16)))
            row = (await connection.execute(select(database_identity.c.name, database_identity.c.beats))).one()
        if row is None or row.beats < self._beats or self._name not in (None, row.name):
            raise DatabaseReplaced
        return Beat(row.name, row.beats, revision)

    def take_over(self, beat: Beat) -> None:
        """Know a heartbeat that is committed; one that was rolled back may be counted again."""
        self._name, self._revision = beat.name, beat.revision
        self._beats = max(self._beats, beat.number)
