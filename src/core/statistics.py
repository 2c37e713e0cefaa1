"""Figures of what was downloaded: how many, how much, how well, how fast. Playlists count by their entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from core.database import Database
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE, Status
from core.requests import OVER
from core.sql_functions import utc_in
from core.tables import downloads


class Period(StrEnum):
    """How far back figures go."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    YEAR = "1y"
    ALL = "all"


DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30, Period.YEAR: 365}
SECONDS = {period: days * 24 * 3600 for period, days in DAYS.items()}


class seconds_to(FunctionElement[int]):  # noqa: N801  (an SQL function, spelled as SQLAlchemy spells them)
    """Seconds between two columns of UTC text."""

    type = Integer()
    inherit_cache = False  # the names are part of the text

    def __init__(self, begin: str, end: str) -> None:
        super().__init__()
        self.begin, self.end = begin, end


@compiles(seconds_to, "sqlite")
def _seconds_sqlite(element: seconds_to, _compiler: Any, **_: Any) -> str:
    return f"(strftime('%s', {element.end}) - strftime('%s', {element.begin}))"


@compiles(seconds_to, "postgresql")
def _seconds_postgresql(element: seconds_to, _compiler: Any, **_: Any) -> str:
    return f"extract(epoch FROM {element.end}::timestamp - {element.begin}::timestamp)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of downloads."""

    done: int = 0  # delivered, or kept as was asked
    failed: int = 0
    cancelled: int = 0
    running: int = 0
    waiting: int = 0
    bytes: int = 0  # of what is done
    mean_seconds: float | None = None  # from the first claim to the delivery

    @property
    def total(self) -> int:
        """All of them."""
        return self.done + self.failed + self.cancelled + self.running + self.waiting

    @property
    def success(self) -> float | None:
        """The share of what was done in what came to an end without being cancelled; None: nothing did."""
        ended = self.done + self.failed
        return self.done / ended if ended else None


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """The same of one site."""

    site: str
    figures: Figures
    last_error: str | None = None  # the class of the newest failure


class Statistics:
    """Reads figures; none takes the write lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def figures(
        self, period: Period, *, guild_id: int | None = None, user_id: int | None = None, site: str | None = None
    ) -> Figures:
        """Of all downloads that were added in that time, or of those of a guild, a member, a site."""
        where = _where(period, guild_id=guild_id, user_id=user_id, site=site)

        async def work(connection: AsyncConnection) -> Figures:
            row = (await connection.execute(select(*_columns()).where(*where))).one()
            return _figures(row)

        return await self._database.read(work)

    async def by_site(
        self, period: Period, *, guild_id: int | None = None, user_id: int | None = None, limit: int = 10
    ) -> list[SiteFigures]:
        """Of each site, the one with the most downloads first."""
        where = _where(period, guild_id=guild_id, user_id=user_id, site=None)

        async def work(connection: AsyncConnection) -> list[SiteFigures]:
            statement = (
                select(downloads.c.site, *_columns())
                .where(downloads.c.site.is_not(None), *where)
                .group_by(downloads.c.site)
                .order_by(func.count().desc(), downloads.c.site)
                .limit(limit)
            )
            rows = (await connection.execute(statement)).all()
            errors = await _last_errors(connection, [row.site for row in rows], where)
            return [SiteFigures(row.site, _figures(row), errors.get(row.site)) for row in rows]

        return await self._database.read(work)


def _where(period: Period, *, guild_id: int | None, user_id: int | None, site: str | None) -> list[ColumnElement[bool]]:
    lists = downloads.alias("entry")
    where = [~select(lists.c.id).where(lists.c.parent_id == downloads.c.id).exists()]
    where += [downloads.c.added_at > utc_in(-SECONDS[period])] if period in SECONDS else []
    where += [downloads.c.guild_id == guild_id] if guild_id is not None else []
    where += [downloads.c.user_id == user_id] if user_id is not None else []
    where += [downloads.c.site == site] if site is not None else []
    return where


def _columns() -> Sequence[ColumnElement[Any]]:
    kept = and_(downloads.c.status == Status.DOWNLOADED, downloads.c.upload == 0)
    done = or_(downloads.c.status == Status.UPLOADED, kept)
    running = downloads.c.status.in_((*DOWNLOAD_STAGE.works_in, *UPLOAD_STAGE.works_in))
    timed = and_(done, downloads.c.started_at.is_not(None), downloads.c.finished_at.is_not(None))
    return (
        func.count().filter(done).label("done"),
        func.count().filter(downloads.c.status == Status.FAILED).label("failed"),
        func.count().filter(downloads.c.status == Status.CANCELLED).label("cancelled"),
        func.count().filter(running).label("running"),
        func.count().filter(and_(downloads.c.status.not_in(OVER), ~running, ~kept)).label("waiting"),
        func.coalesce(func.sum(downloads.c.file_size).filter(done), 0).label("bytes"),
        func.avg(case((timed, seconds_to("downloads.started_at", "downloads.finished_at")))).label("mean_seconds"),
    )


def _figures(row: Any) -> Figures:
    mean = None if row.mean_seconds is None else float(row.mean_seconds)
    return Figures(
        done=row.done,
        failed=row.failed,
        cancelled=row.cancelled,
        running=row.running,
        waiting=row.waiting,
        bytes=int(row.bytes),
        mean_seconds=mean,
    )


async def _last_errors(
    connection: AsyncConnection, sites: Sequence[str], where: Sequence[ColumnElement[bool]]
) -> dict[str, str]:
    failed = (downloads.c.site.in_(sites), downloads.c.status == Status.FAILED, *where)
    newest = select(func.max(downloads.c.id)).where(*failed).group_by(downloads.c.site)
    statement = select(downloads.c.site, downloads.c.error_kind).where(downloads.c.id.in_(newest))
    return {site: kind for site, kind in await connection.execute(statement) if kind}
