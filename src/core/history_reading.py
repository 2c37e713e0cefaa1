"""Reads figures over time: series for charts, and totals that only grow."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.history import DAY, HOUR, TIME, first_open_hour, now_of
from core.history_measures import MEASURED, Measure, measure
from core.statistics import Figures
from core.tables import history

Key = tuple[str, str, str]  # measure, site, detail


@dataclass(frozen=True, slots=True)
class Point:
    """Figures of one hour or day."""

    at: str  # its beginning
    number: int
    total: float
    most: float

    @property
    def mean(self) -> float:
        """The mean of what was measured; 0 for nothing."""
        return self.total / self.number if self.number else 0.0


@dataclass(frozen=True, slots=True)
class Sum:
    """How many were measured, and their sum."""

    number: int = 0
    total: float = 0.0


class HistoryReader:
    """The reads; none takes the write lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def series(
        self,
        wanted: Measure,
        *,
        count: int,
        step: timedelta = DAY,
        details: Sequence[str] | None = None,
        guild_id: int | None = None,
        site: str | None = None,
    ) -> list[Point]:
        """The newest hours or days, oldest first, and without gaps.

        Args:
            wanted: what of.
            count: how many; hours are kept for a week, days for a year.
            step: `HOUR` or `DAY`.
            details: only these.
            guild_id: only of this guild; only `ENDED` is known by guild.
            site: only of this site.
        """
        where = [history.c.measure == wanted, history.c.span == ("hour" if step == HOUR else "day")]
        where += [history.c.detail.in_(details)] if details is not None else []
        where += [history.c.guild_id == guild_id] if guild_id is not None else []
        where += [history.c.site == site] if site is not None else []

        async def work(connection: AsyncConnection) -> list[Point]:
            last = _floor(await now_of(connection), step)
            times = [(last - step * back).strftime(TIME) for back in reversed(range(count))]
            sums = (func.sum(history.c.number), func.sum(history.c.total), func.max(history.c.most))
            statement = select(history.c.at, *sums).where(*where, history.c.at >= times[0]).group_by(history.c.at)
            known = {
                at: (int(number), float(sum_), float(most))
                for at, number, sum_, most in await connection.execute(statement)
            }
            return [Point(at, *known.get(at, (0, 0.0, 0.0))) for at in times]

        return await self._database.read(work)

    async def figures(self, days: int, *, guild_id: int | None = None, site: str | None = None) -> Figures:
        """What became of downloads in so many days, today included; also of those whose rows are gone."""
        ended = {
            detail: await self.series(Measure.ENDED, count=days, details=(detail,), guild_id=guild_id, site=site)
            for detail in ("fetched", "kept", "uploaded", "failed", "cancelled")
        }
        number = {detail: sum(point.number for point in points) for detail, points in ended.items()}
        return Figures(
            done=number["uploaded"] + number["kept"],
            failed=number["failed"],
            cancelled=number["cancelled"],
            bytes=int(sum(point.total for point in (*ended["fetched"], *ended["kept"]))),
        )

    async def totals(self) -> dict[Key, Sum]:
        """Everything since the beginning, this moment included: computed from the table, whoever asks."""
        return await self._database.read(_totals)


async def _totals(connection: AsyncConnection) -> dict[Key, Sum]:
    now = await now_of(connection)
    first = await first_open_hour(connection, now)
    day = first.replace(hour=0)
    final = or_(
        history.c.span == "ever",
        and_(history.c.span == "day", history.c.at < day.strftime(TIME)),
        and_(history.c.span == "hour", history.c.at >= day.strftime(TIME), history.c.at < first.strftime(TIME)),
    )
    key = (history.c.measure, history.c.site, history.c.detail)
    statement = (
        select(*key, func.sum(history.c.number), func.sum(history.c.total))
        .where(final, history.c.measure.in_(MEASURED))
        .group_by(*key)
    )
    found: defaultdict[Key, Sum] = defaultdict(Sum)
    for name, site, detail, number, total in await connection.execute(statement):
        found[name, site, detail] = Sum(int(number), float(total))
    for figure in await measure(connection, first.strftime(TIME), (now + HOUR).strftime(TIME)):
        before = found[figure.measure, figure.site, figure.detail]
        found[figure.measure, figure.site, figure.detail] = Sum(
            before.number + figure.number, before.total + figure.total
        )
    return dict(found)


def _floor(time: datetime, step: timedelta) -> datetime:
    return time.replace(minute=0, second=0) if step == HOUR else time.replace(hour=0, minute=0, second=0)
