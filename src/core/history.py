"""Keeps figures over time in the table `history`: hours for a week, days for a year, and one sum of all before.

What comes from events is computed anew for each hour since the last time, so that an hour that was missed is caught up
and none is counted twice; samples of a moment (the queue, the disk) are what was seen then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import delete, func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.history_measures import MEASURED, Figure, Measure, measure
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE
from core.sql_functions import utc_now
from core.tables import downloads, events, history
from core.upserts import upsert

TIME = "%Y-%m-%d %H:%M:%S"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS_KEPT, DAYS_KEPT = 7 * DAY, 366 * DAY
BEGINNING = "1970-01-01 00:00:00"  # of what is summed up as `ever`
BESIDE = ("measure", "guild_id", "site", "detail")  # what tells figures of one time apart


class History:
    """Writes figures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sample(self, disk: Mapping[str, float]) -> None:
        """Add how it stands now to the hour.

        Args:
            disk: bytes `used` and `free` where downloads go.
        """

        async def work(connection: AsyncConnection) -> None:
            hour = _hour_of(await now_of(connection))
            values: list[tuple[Measure, str, float]] = [(Measure.DISK, name, value) for name, value in disk.items()]
            values += [(name, "", value) for name, value in (await moment(connection)).items()]
            for name, detail, value in values:
                key = {"span": "hour", "at": hour, "measure": name, "guild_id": 0, "site": "", "detail": detail}
                bigger = func.greatest if connection.dialect.name == "postgresql" else func.max
                added = {
                    "number": history.c.number + 1,
                    "total": history.c.total + value,
                    "most": bigger(history.c.most, value),
                }
                await upsert(connection, history, key, added, number=1, total=value, most=value)

        await self._database.write(work)

    async def roll_up(self) -> int:
        """Compute what is missing, sum up hours and days, remove what is too old; how many hours were computed."""

        async def open_hours(connection: AsyncConnection) -> list[datetime]:
            now = await now_of(connection)
            first = await first_open_hour(connection, now)
            return [first + number * HOUR for number in range(int((now - first) / HOUR) + 1)]

        async def prune(connection: AsyncConnection) -> None:
            await _prune(connection, await now_of(connection))

        hours = await self._database.read(open_hours)
        # A transaction for each day, and measured before it: that reads much, and who writes holds all others up.
        for day, of_a_day in groupby(hours, key=lambda hour: hour.replace(hour=0)):
            figures = await self._database.read(partial(_measured, hours=list(of_a_day)))
            await self._database.write(partial(_write_down, day=day, figures=figures))
        await self._database.write(prune)
        return len(hours)


async def now_of(connection: AsyncConnection) -> datetime:
    """The database's clock."""
    return datetime.fromisoformat(str((await connection.execute(select(utc_now()))).scalar_one()))


async def first_open_hour(connection: AsyncConnection, now: datetime) -> datetime:
    """The first hour whose figures are not final: the one before the last that was computed, it may have gone on."""
    known = (history.c.span == "hour", history.c.measure == Measure.COMPUTED)
    past = history.c.at <= now.strftime(TIME)  # a clock that was set back leaves hours of the future behind
    last = (await connection.execute(select(func.max(history.c.at)).where(*known, past))).scalar_one_or_none()
    oldest = (now - HOURS_KEPT).replace(hour=0, minute=0, second=0)
    if last:
        return max(datetime.fromisoformat(last) - HOUR, oldest)
    first = select(func.min(events.c.at)).where(events.c.at.between(oldest.strftime(TIME), now.strftime(TIME)))
    begun = (await connection.execute(first)).scalar_one_or_none()
    return datetime.fromisoformat(begun or now.strftime(TIME)).replace(minute=0, second=0)


async def moment(connection: AsyncConnection) -> dict[Measure, float]:
    """How the queue stands now."""
    can_begin = (
        downloads.c.status == DOWNLOAD_STAGE.takes,
        downloads.c.paused == 0,
        downloads.c.cancelled == 0,
        or_(downloads.c.available_at.is_(None), downloads.c.available_at <= utc_now()),
    )
    works = downloads.c.status.in_((*DOWNLOAD_STAGE.works_in, *UPLOAD_STAGE.works_in))
    waiting, oldest = (
        await connection.execute(select(func.count(), func.min(downloads.c.added_at)).where(*can_begin))
    ).one()
    running, speed = (
        await connection.execute(select(func.count(), func.sum(downloads.c.download_speed)).where(works))
    ).one()
    now = await now_of(connection)
    waited = (now - datetime.fromisoformat(oldest)).total_seconds() if oldest else 0.0
    return {
        Measure.WAITING: float(waiting),
        Measure.OLDEST: max(waited, 0.0),
        Measure.RUNNING: float(running),
        Measure.SPEED: float(speed or 0),
    }


def _hour_of(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:00:00")


async def _measured(connection: AsyncConnection, hours: Sequence[datetime]) -> dict[str, list[Figure]]:
    """The figures of each hour."""
    computed = Figure(measure=Measure.COMPUTED, number=1, total=0, most=0)
    ends = {_hour_of(hour): _hour_of(hour + HOUR) for hour in hours}
    return {at: [*await measure(connection, at, end), computed] for at, end in ends.items()}


async def _write_down(connection: AsyncConnection, day: datetime, figures: Mapping[str, list[Figure]]) -> None:
    """Replace the figures of some hours of one day, and of the day."""
    fresh = (*MEASURED, Measure.COMPUTED)
    for at, of_the_hour in figures.items():
        old = delete(history).where(history.c.span == "hour", history.c.at == at, history.c.measure.in_(fresh))
        await connection.execute(old)
        rows = [{"span": "hour", "at": at, **asdict(figure)} for figure in of_the_hour]
        await connection.execute(insert(history), rows)
    await _sum_up_day(connection, day)


async def _sum_up_day(connection: AsyncConnection, day: datetime) -> None:
    at, end = day.strftime(TIME), (day + DAY).strftime(TIME)
    hours = (history.c.span == "hour", history.c.at >= at, history.c.at < end, history.c.measure != Measure.COMPUTED)
    await connection.execute(delete(history).where(history.c.span == "day", history.c.at == at))
    await _sum_up(connection, "day", at, hours)


async def _sum_up(connection: AsyncConnection, span: str, at: str, where: Any) -> None:
    told_apart = [history.c[name] for name in BESIDE]
    sums = (func.sum(history.c.number), func.sum(history.c.total), func.max(history.c.most))
    summed = select(literal(span), literal(at), *told_apart, *sums).where(*where).group_by(*told_apart)
    names = ["span", "at", *BESIDE, "number", "total", "most"]
    await connection.execute(insert(history).from_select(names, summed))


async def _prune(connection: AsyncConnection, now: datetime) -> None:
    """Hours go when their days are summed up; days go into the sum of all, which never shrinks."""
    hours = (now - HOURS_KEPT).replace(hour=0, minute=0, second=0).strftime(TIME)
    await connection.execute(delete(history).where(history.c.span == "hour", history.c.at < hours))
    days = (now - DAYS_KEPT).replace(hour=0, minute=0, second=0).strftime(TIME)
    old = (history.c.span == "day", history.c.at < days)
    if (await connection.execute(select(history.c.at).where(*old).limit(1))).first() is None:
        return
    # The old sum becomes one of the days that are summed up.
    as_a_day = history.update().where(history.c.span == "ever")
    await connection.execute(as_a_day.values(span="day", at=BEGINNING))
    await _sum_up(connection, "ever", BEGINNING, (*old, history.c.measure.in_(MEASURED)))
    await connection.execute(delete(history).where(*old))
