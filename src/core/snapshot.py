"""How everything stands at one moment, read from the database alone: it is true whichever process asks."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.history import moment
from core.history_measures import Measure
from core.history_reading import HistoryReader, Key, Sum
from core.queries import Queries, Runner, seconds_between
from core.sql_functions import utc_now
from core.tables import alerts, chores, downloads, site_health


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoreState:
    """How a chore went the last time."""

    name: str
    seconds_ago: float | None  # since its last end; None: it never ended
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All figures of a moment."""

    totals: dict[Key, Sum]  # since the beginning, by measure, site and detail
    statuses: dict[str, int]  # downloads by status
    moment: dict[Measure, float]
    sites: dict[str, str]  # the state of those that are known to have failed once
    runners: list[Runner]
    chores: list[ChoreState]
    alerts: list[str]  # the names of those that last


async def read_snapshot(database: Database, *, totals: bool = True) -> Snapshot:
    """Read it, with or without the totals, which take the longest; takes no write lock."""

    async def work(connection: AsyncConnection) -> Snapshot:
        by_site = select(site_health.c.site, site_health.c.state)
        by_status = select(downloads.c.status, func.count()).group_by(downloads.c.status)
        now = str((await connection.execute(select(utc_now()))).scalar_one())
        done = await connection.execute(select(chores.c.name, chores.c.finished_at, chores.c.error))
        return Snapshot(
            totals=sums,
            statuses=dict(map(tuple, await connection.execute(by_status))),
            moment=await moment(connection),
            sites=dict(map(tuple, await connection.execute(by_site))),
            runners=runners,
            chores=[
                ChoreState(name=name, seconds_ago=seconds_between(ended, now) if ended else None, failed=bool(error))
                for name, ended, error in done
            ],
            alerts=list((await connection.execute(select(alerts.c.name).where(alerts.c.ended_at.is_(None)))).scalars()),
        )

    sums = await HistoryReader(database).totals() if totals else {}
    runners = await Queries(database).runners()
    return await database.read(work)
