"""The account of what was fetched for whom: bytes that came stay in it, whatever becomes of them and of their row."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import Download
from core.sql_functions import utc_in, utc_now
from core.tables import fetched
from core.upserts import upsert

WINDOW = timedelta(hours=24)


async def add_fetched(connection: AsyncConnection, arrived: Sequence[tuple[Download, int]]) -> None:
    """Add bytes that arrived for claims. Nobody need hold the rows any more: the bytes came all the same.

    Args:
        connection: in a transaction that writes.
        arrived: claims, and the bytes that each fetched since the last time.
    """
    for claim, count in arrived:
        key = {"download_id": claim.id, "epoch": claim.epoch}
        who = {"user_id": claim.user_id, "guild_id": claim.guild_id}
        more = {"at": utc_now(), "bytes": fetched.c.bytes + count}
        await upsert(connection, fetched, key, more, bytes=count, **who)


async def fetched_lately(connection: AsyncConnection, whose: ColumnElement[bool]) -> list[tuple[str, int]]:
    """When each claim of the last 24 hours got its last bytes, and how many it got in all; the oldest first."""
    recent = fetched.c.at > utc_in(-WINDOW.total_seconds())
    rows = await connection.execute(select(fetched.c.at, fetched.c.bytes).where(whose, recent).order_by(fetched.c.at))
    return [(at, int(count)) for at, count in rows]


async def forget_fetched(database: Database) -> str:
    """Strike off what counts no more; a report in a few words."""
    old = fetched.c.at <= utc_in(-WINDOW.total_seconds())

    async def look(connection: AsyncConnection) -> int:
        return int((await connection.execute(select(func.count()).select_from(fetched).where(old))).scalar_one())

    async def work(connection: AsyncConnection) -> int:
        return (await connection.execute(delete(fetched).where(old))).rowcount

    gone = await database.write(work) if await database.read(look) else 0
    return f"{gone} claims counted no more"
