"""What one member may have at once and in a day, counted in the transaction that would add to it."""

from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import OverLimit
from core.preferences import Limits
from core.sql_functions import utc_in
from core.tables import downloads

DAY = 24 * 3600  # seconds


class Limited(StrEnum):
    """What of a member is counted."""

    WAITING = "waiting"
    A_DAY = "a_day"


def over_limit(what: Limited, limit: int) -> OverLimit:
    """The error of a member who has all that he may have."""
    many = "1 download" if limit == 1 else f"{limit} downloads"
    error = OverLimit(
        f"You have {many} waiting, which is your limit here."
        if what is Limited.WAITING
        else f"You have asked for {many} within 24 hours, which is your limit here."
    )
    error.what, error.limit = what, limit
    return error


async def check_limits(
    connection: AsyncConnection,
    limits: Limits,
    waits: ColumnElement[bool],
    *,
    user_id: int | None,
    guild_id: int | None,
) -> None:
    """Refuse a further download of a member who has all that he may have in a guild.

    Args:
        connection: of the transaction that will write the row.
        limits: his.
        waits: which rows wait.
        user_id: who asks.
        guild_id: where.

    Raises:
        OverLimit: names the limit.
    """
    wanted = {Limited.WAITING: limits.waiting, Limited.A_DAY: limits.a_day}
    if not any(wanted.values()):
        return
    counts = await used(connection, waits, user_id=user_id, guild_id=guild_id)
    for what, limit in wanted.items():
        if limit is not None and counts[what] >= limit:
            raise over_limit(what, limit)


async def used(
    connection: AsyncConnection, waits: ColumnElement[bool], *, user_id: int | None, guild_id: int | None
) -> dict[Limited, int]:
    """What a member has now, as his limits count it."""
    his = (downloads.c.user_id == user_id, downloads.c.guild_id.is_not_distinct_from(guild_id))
    # A playlist counts as one, however many entries it has.
    asked = func.count(func.coalesce(downloads.c.parent_id, downloads.c.id).distinct())
    today = downloads.c.added_at > utc_in(-DAY)
    waiting, a_day = (await connection.execute(select(asked.filter(waits), asked.filter(today)).where(*his))).one()
    return {Limited.WAITING: waiting, Limited.A_DAY: a_day}
