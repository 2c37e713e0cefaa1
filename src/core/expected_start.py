"""When a download that waits will begin: its place under the fair order, and how long downloads take here."""

import statistics
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Subquery, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.models import DOWNLOAD_STAGE, Status
from core.sql_functions import utc_now
from core.tables import downloads

RECENT = 50  # downloads that tell how long one takes


@dataclass(frozen=True, slots=True)
class Line:
    """Those who wait, first come first: their ids; how many are worked on; and how long one takes, in seconds."""

    ids: tuple[int, ...]
    running: int
    typical_seconds: float | None

    def ahead_of(self, download_id: int) -> int | None:
        """How many are taken before this one; None when it is not in the line."""
        return self.ids.index(download_id) if download_id in self.ids else None

    def seconds_until(self, ahead: int, *, slots: int) -> float | None:
        """In how many seconds the one behind `ahead` others begins; 0 when there is a free slot; None: unknown.

        Args:
            slots: downloads that are worked on at once.
        """
        free = max(0, slots - self.running)
        if ahead < free:
            return 0.0
        if self.typical_seconds is None:
            return None
        # Those that run are half done on average.
        return self.typical_seconds * (ahead - free + 0.5) / max(1, slots)


async def read_line(connection: AsyncConnection, *, limit: int) -> Line:
    """The line as it is now; its first `limit` places."""
    worked_on = downloads.c.status.in_(DOWNLOAD_STAGE.works_in)
    count = (await connection.execute(select(func.count()).select_from(downloads).where(worked_on))).scalar_one()
    ids = (await connection.execute(_fair_order().limit(limit))).scalars().all()
    return Line(tuple(ids), int(count), await _typical_seconds(connection))


def _fair_order() -> Select[int]:
    """Ids of those who wait, about in the order of `core.turns`.

    A claim goes to the guild and then the member with the least running work. So the n-th download of a member comes
    after the (n - 1)-th of everybody else.
    """
    due = or_(downloads.c.available_at.is_(None), downloads.c.available_at <= utc_now())
    waits = and_(downloads.c.status == Status.PENDING, downloads.c.paused == 0, downloads.c.cancelled == 0, due)
    age = (downloads.c.added_at, downloads.c.id)
    nth = func.row_number().over(
        partition_by=(downloads.c.guild_id, downloads.c.user_id), order_by=(downloads.c.priority.desc(), *age)
    )
    known = (downloads.c.id, downloads.c.guild_id, downloads.c.user_id, downloads.c.priority, downloads.c.added_at)
    waiting = select(*known, nth.label("of_member")).where(waits).subquery("waiting")

    def running_by(column: str) -> Subquery:
        table = downloads.alias(f"running_{column}")
        return (
            select(table.c[column], func.count().label("running"))
            .where(table.c.status.in_(DOWNLOAD_STAGE.works_in))
            .group_by(table.c[column])
            .subquery(f"by_{column}")
        )

    guild, user = running_by("guild_id"), running_by("user_id")
    of_member = waiting.c.of_member + func.coalesce(user.c.running, 0)
    of_guild = func.row_number().over(
        partition_by=waiting.c.guild_id,
        order_by=(waiting.c.priority.desc(), of_member, waiting.c.added_at, waiting.c.id),
    )
    ranked = (
        select(waiting, of_member.label("turn"), of_guild.label("of_guild"))
        .outerjoin(user, waiting.c.user_id.is_not_distinct_from(user.c.user_id))
        .subquery("ranked")
    )
    return (
        select(ranked.c.id)
        .outerjoin(guild, ranked.c.guild_id.is_not_distinct_from(guild.c.guild_id))
        .order_by(
            ranked.c.priority.desc(),
            ranked.c.of_guild + func.coalesce(guild.c.running, 0),
            ranked.c.turn,
            ranked.c.added_at,
            ranked.c.id,
        )
    )


async def _typical_seconds(connection: AsyncConnection) -> float | None:
    """The median time of the latest downloads from their first claim to the last byte; None on a new host."""
    times = (
        select(downloads.c.started_at, downloads.c.downloaded_at)
        .where(downloads.c.started_at.is_not(None), downloads.c.downloaded_at.is_not(None))
        .order_by(downloads.c.id.desc())
        .limit(RECENT)
    )
    taken = [_seconds(began, ended) for began, ended in await connection.execute(times)]
    return statistics.median(taken) if taken else None


def _seconds(began: str, ended: str) -> float:
    parse = datetime.fromisoformat
    return max(0.0, (parse(ended) - parse(began)).total_seconds())
