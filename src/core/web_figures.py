"""Figures of the web page: what became of downloads, by site, member, guild, error and time, as far as one may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import Status
from core.requests import OVER
from core.sql_functions import utc_in
from core.statistics import seconds_to
from core.tables import downloads, site_health
from core.viewers import Viewer

DAY = 24 * 3600


class Span(StrEnum):
    """How far back the figures go."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    YEAR = "365d"

    @property
    def seconds(self) -> int:
        """Its length."""
        return {Span.DAY: 1, Span.WEEK: 7, Span.MONTH: 30, Span.YEAR: 365}[self] * DAY


class Group(StrEnum):
    """By what figures are told apart."""

    SITE = "site"
    MEMBER = "user_id"
    GUILD = "guild_id"
    ERROR = "error_kind"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the downloads of one site, member, guild, hour or day."""

    key: Any  # None: of no site, member or guild
    total: int
    done: int
    failed: int
    bytes: int
    mean_seconds: float | None  # from the first claim to the end

    @property
    def success(self) -> float | None:
        """The share of what was done in what came to an end without being cancelled."""
        ended = self.done + self.failed
        return self.done / ended if ended else None


class WebFigures:
    """Reads them; none takes the write lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by(self, group: Group, viewer: Viewer, span: Span, *, limit: int = 100) -> Sequence[Outcomes]:
        """Of each site, member, guild or class of error, the one with the most downloads first."""
        key = downloads.c[group.value]
        where = [downloads.c.added_at > utc_in(-span.seconds), viewer.sees()]
        where += [key.is_not(None)] if group is Group.ERROR else []
        statement = select(key, *_columns()).where(*where).group_by(key).order_by(func.count().desc(), key).limit(limit)
        return await self._outcomes(statement)

    async def over_time(self, viewer: Viewer, span: Span) -> Sequence[Outcomes]:
        """Of each hour (`2030-01-01 22`) of a day, of each day (`2030-01-01`) of more, as far as something ended."""
        key = func.substr(downloads.c.finished_at, 1, 13 if span is Span.DAY else 10)
        ended = or_(downloads.c.status.in_(OVER), _kept())
        where = (downloads.c.finished_at > utc_in(-span.seconds), ended, viewer.sees())
        statement = select(key.label("moment"), *_columns()).where(*where).group_by("moment").order_by("moment")
        return await self._outcomes(statement)

    async def broken_sites(self, viewer: Viewer) -> dict[str, str]:
        """The sites that are left alone now, with the sentence for people; of those that he sees downloads from."""
        statement = select(site_health.c.site, site_health.c.reason).where(site_health.c.state != "closed")
        if not viewer.is_owner:  # the name of a site may be the host of somebody's own server
            seen = select(downloads.c.site).where(downloads.c.site.is_not(None), viewer.sees())
            statement = statement.where(site_health.c.site.in_(seen))

        async def work(connection: AsyncConnection) -> dict[str, str]:
            rows = await connection.execute(statement)
            return {site: reason or "It fails for everybody at the moment." for site, reason in rows}

        return await self._database.read(work)

    async def _outcomes(self, statement: Any) -> Sequence[Outcomes]:
        async def work(connection: AsyncConnection) -> Sequence[Outcomes]:
            rows = (await connection.execute(statement)).all()
            return [
                Outcomes(key, total, done, failed, int(size), None if mean is None else float(mean))
                for key, total, done, failed, size, mean in rows
            ]

        return await self._database.read(work)


def _kept() -> ColumnElement[bool]:
    return and_(downloads.c.status == Status.DOWNLOADED, downloads.c.upload == 0)


def _columns() -> Sequence[ColumnElement[Any]]:
    done = or_(downloads.c.status == Status.UPLOADED, _kept())
    timed = and_(done, downloads.c.started_at.is_not(None), downloads.c.finished_at.is_not(None))
    return (
        func.count(),
        func.count().filter(done),
        func.count().filter(downloads.c.status == Status.FAILED),
        func.coalesce(func.sum(downloads.c.file_size).filter(done), 0),
        func.avg(case((timed, seconds_to("downloads.started_at", "downloads.finished_at")))),
    )
