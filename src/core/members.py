"""How those who asked are called at Discord, so that people need not know ids by heart; gone with their last row."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.rows import storable
from core.sql_functions import utc_now
from core.tables import downloads, members
from core.upserts import upsert

LONGEST = 100  # characters, as the table's check has it; Discord allows 32


async def remember(connection: AsyncConnection, user_id: int, name: str) -> None:
    """Write how a member is called now, within the transaction that writes what he asks for."""
    if kept := str(storable({"name": name})["name"])[:LONGEST].strip():
        await upsert(connection, members, {"user_id": user_id}, {"name": kept, "seen_at": utc_now()})


class Members:
    """Reads and forgets them. The names are strangers' text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def names(self, ids: Collection[int | None]) -> dict[int | None, str]:
        """The names of these members by id, as far as they are known. Only for who may see a row of theirs."""
        asked = [id_ for id_ in ids if id_ is not None]
        if not asked:
            return {}

        async def work(connection: AsyncConnection) -> dict[int | None, str]:
            found = select(members.c.user_id, members.c.name).where(members.c.user_id.in_(asked))
            return {row.user_id: row.name for row in await connection.execute(found)}

        return await self._database.read(work)

    async def forget_gone(self) -> int:
        """Remove the names of those who have no row any more; how many. For a chore."""
        asked = select(downloads.c.user_id).where(downloads.c.user_id.is_not(None))

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(members).where(members.c.user_id.not_in(asked)))).rowcount

        return await self._database.write(work)
